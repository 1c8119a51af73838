import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Metric } from '#graph/types.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { random } from '#pipelines/data/random.ts';
import { openModel } from '#pipelines/models/index.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { loadSae } from '#pipelines/sae/index.ts';
import { f32Tensor, writeSafetensors } from '#release/safetensors.ts';
import { type PairBatch, pairBatches } from './batches.ts';
import { featureMetric } from './direction.ts';
import { TargetsFile, type TraceFile } from './files.ts';
import { ESTIMATORS, type Estimator, type NodeEffects } from './queries-keys.ts';
import { spatialPairs } from './samples.ts';
import { patchBatch, readMask, type Trace, traceBatch } from './trace.ts';
import { headWrites } from './writes.ts';

const Settings = z.strictObject({
  layer: z.int(),
  seed: z.int(),
  from: z.int(),
  samples: z.int(),
  target: z.enum(['pre', 'activation', 'projection']),
  estimate: z.enum(['atp', 'atp*']),
  corrupt: z.enum(['mean', 'swap']),
  verify: z.strictObject({ top: z.int(), random: z.int(), samples: z.int() }),
});

const BATCH = 16;
/** Arrays `[features, samples, layers, heads]` that every run writes, and those of queries and keys, where they are estimated. */
const ARRAYS = ['clean', 'corrupt', 'absolute', 'direct'] as const;
const NODE_ARRAYS = ['queries', 'keys'] as const;
type Arrays = ReadonlyMap<string, Float32Array>;

/**
 * Traces the chosen features of one layer to every head at or below it: attribution both ways on all samples, then exact patches of
 * the largest heads and of a random sample of the rest.
 */
export const run: StageRun = async ({ settings, inputs, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const targets = TargetsFile.parse(JSON.parse(await readFile(join(inputs['targets']!, 'targets.json'), 'utf8')));
  const chosen = targets.filter((t) => t.layer === s.layer);
  const sae = await loadSae(inputs['sae']!);
  const model = await openModel(files['model']!, { role: 'tuned', device });
  const { heads } = model.decoder.anatomy;
  const pairs = await spatialPairs(model, s.corrupt, { seed: s.seed, from: s.from, to: s.from + s.samples });
  const n = pairs.length;
  const k = chosen.length;
  const layers = s.layer + 1;
  const estimator = ESTIMATORS[s.estimate];
  const names = [...ARRAYS, ...(estimator ? NODE_ARRAYS : [])];
  const whole: Arrays = new Map(names.map((a) => [a, new Float32Array(k * n * layers * heads)]));
  const metrics = { metricClean: new Float32Array(k * n), metricCorrupt: new Float32Array(k * n) };
  const features = chosen.map((t) => t.feature);
  const metricOf = (mask: Parameters<typeof featureMetric>[4]) => featureMetric(sae, s.layer, features, s.target, mask);

  let patched: { layer: number; head: number }[] = [];
  let exact = new Float32Array(0);
  const verified = Math.min(s.verify.samples, n);
  if (k > 0) {
    const writes = await Promise.all(Array.from({ length: layers }, (_, l) => headWrites(model.decoder, l)));
    let done = 0;
    for (const batch of pairBatches(pairs, BATCH)) {
      const part = await traceBatch(model, metricOf, s.layer, batch, writes);
      const nodes = estimator && (await nodesOf(model, estimator, metricOf, s.layer, batch));
      scatter(part, new Map(Object.entries({ ...part, ...nodes })) as Arrays, batch.index, n, whole, metrics);
      done += batch.index.length;
      progress(done, n, 'samples');
    }
    patched = headsToPatch(whole.get('clean')!, { k, n, layers, heads }, s.verify, s.seed);
    exact = new Float32Array(patched.length * k * verified);
    for (const batch of pairBatches(pairs.slice(0, verified), BATCH)) {
      const effect = await patchBatch(model, metricOf, patched, batch);
      for (let h = 0; h < patched.length * k; h += 1)
        batch.index.forEach((sample, row) => {
          exact[h * verified + sample] = effect[h * batch.index.length + row]!;
        });
    }
  }
  await model.close();
  const file: TraceFile = {
    layer: s.layer,
    features: chosen.map(({ feature, kind }) => ({ feature, kind })),
    samples: n,
    heads,
    patched,
    verified,
    estimator: s.estimate,
  };
  await writeFile(join(out, 'trace.json'), JSON.stringify(file));
  const tensors = new Map([
    ...Array.from(whole, ([name, data]) => [name, f32Tensor(data, [k, n, layers, heads])] as const),
    ['metricClean', f32Tensor(metrics.metricClean, [k, n])] as const,
    ['metricCorrupt', f32Tensor(metrics.metricCorrupt, [k, n])] as const,
    ['exact', f32Tensor(exact, [patched.length, k, verified])] as const,
  ]);
  await writeFile(join(out, 'trace.safetensors'), writeSafetensors(tensors));
};

/** Queries and keys of a batch. */
const nodesOf = (
  model: TracedModel,
  estimator: NonNullable<(typeof ESTIMATORS)[Estimator]>,
  metricOf: (mask: ReturnType<typeof readMask>) => Metric,
  layer: number,
  { clean, corrupt }: PairBatch,
): Promise<NodeEffects> =>
  estimator(model, metricOf(readMask(clean, Math.max(...clean.map((e) => e.ids.length)))), layer, {
    clean: model.inputs(clean),
    corrupt: model.inputs(corrupt),
  });

/** Puts a batch's rows at their samples' places. */
function scatter(
  part: Trace,
  arrays: Arrays,
  index: readonly number[],
  n: number,
  whole: Arrays,
  metrics: Record<'metricClean' | 'metricCorrupt', Float32Array>,
): void {
  const size = part.layers * part.heads;
  for (let k = 0; k < part.features; k += 1)
    index.forEach((sample, row) => {
      const from = (k * part.samples + row) * size;
      for (const [name, to] of whole) to.set(arrays.get(name)!.subarray(from, from + size), (k * n + sample) * size);
      metrics.metricClean[k * n + sample] = part.metricClean[k * part.samples + row]!;
      metrics.metricCorrupt[k * n + sample] = part.metricCorrupt[k * part.samples + row]!;
    });
}

/** The heads with the largest mean absolute estimate over any feature, and a random sample of the rest. */
function headsToPatch(
  clean: Float32Array,
  shape: { readonly k: number; readonly n: number; readonly layers: number; readonly heads: number },
  verify: { readonly top: number; readonly random: number },
  seed: number,
): { layer: number; head: number }[] {
  const { k, n, layers, heads } = shape;
  const size = layers * heads;
  const chosen = new Set<number>();
  for (let f = 0; f < k; f += 1) {
    const mean = new Float64Array(size);
    for (let s = 0; s < n; s += 1) for (let h = 0; h < size; h += 1) mean[h]! += clean[(f * n + s) * size + h]! / n;
    const order = Array.from(mean.keys()).sort((a, b) => Math.abs(mean[b]!) - Math.abs(mean[a]!) || a - b);
    for (const h of order.slice(0, verify.top)) chosen.add(h);
  }
  const rest = Array.from({ length: size }, (_, h) => h).filter((h) => !chosen.has(h));
  for (const h of random(seed, 'heads/verify', layers).shuffle(rest).slice(0, verify.random)) chosen.add(h);
  return [...chosen].sort((a, b) => a - b).map((h) => ({ layer: Math.floor(h / heads), head: h % heads }));
}
