import { join } from 'node:path';
import { z } from 'zod';
import { openStore } from '#pipelines/activations/index.ts';
import type { ActivationStore } from '#pipelines/activations/types.ts';
import { foldersOf, needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { random } from '#pipelines/data/random.ts';
import { createEncoder, type Encoder, loadSae, prepare } from '#pipelines/sae/index.ts';
import { type Sae, STAGES, type StageName } from '#pipelines/sae/types.ts';
import { type NamedArray, vector, writeArrays } from './arrays.ts';
import { DIFF_FILE } from './files.ts';
import { dictionaryArrays, streamArrays } from './layer.ts';
import { pairTokens } from './pairing.ts';
import type { ResampledStream } from './preference.ts';
import { LatentScaling, SCALING_TARGETS } from './scaling.ts';
import { multiplicities, resamples } from './statistics/index.ts';
import { type SampleRange, sumsOfStream } from './stream.ts';

const Range = z
  .tuple([z.int().min(0), z.int().min(1)])
  .nullable()
  .default(null);

export const DiffSettings = z.strictObject({
  layer: z.int().min(0),
  seed: z.int().min(0),
  bootstrap: z.int().min(10),
  confidence: z.number().gt(0).lt(1),
  /** Samples `[from, to)` of the streams that are analysed, by their order in the store; all where null. */
  vision: Range,
  text: Range,
});
export type DiffSettings = z.input<typeof DiffSettings>;

/** Tokens of the two models held at a time. */
const CHUNK = 2048;

/**
 * Stage diff of one layer. Inputs: `sae/S`, `sae/F` and any of `sae/D|M|F2|C` (dictionary folders); `vision` (tuned model,
 * multimodal data), `text` (tuned model, base text) and, for latent scaling, `base` (base model on the multimodal data as it
 * can read it), each a store folder or parts `vision/0`, `vision/1`, ...
 */
export const run: StageRun = async ({ settings, inputs, out, device, progress }) => {
  const s = DiffSettings.parse(settings);
  const saes = new Map<StageName, Sae>();
  for (const stage of STAGES) {
    const role = `sae/${stage}`;
    const [folder] = stage === 'S' || stage === 'F' ? needFolders(inputs, role) : foldersOf(inputs, role);
    if (folder) saes.set(stage, await loadSae(folder));
  }
  const [base, tuned] = [saes.get('S')!, saes.get('F')!];
  const arrays = dictionaryArrays(saes);
  progress(1, 4, 'steps');

  const encoder = await createEncoder(tuned, { device });
  const vision = await openStore(needFolders(inputs, 'vision'));
  const text = await openStore(needFolders(inputs, 'text'));
  const stream = async (store: ActivationStore, range: SampleRange | null, name: string): Promise<ResampledStream> => {
    const sums = await sumsOfStream(encoder, tuned.n, store, s.layer, { range, threshold: 0 });
    const index = resamples(random(s.seed, 'diff/bootstrap', name), s.bootstrap, sums.samples);
    return { sums, multiplicity: multiplicities(index, s.bootstrap, sums.samples) };
  };
  const v = await stream(vision, s.vision, 'vision');
  const t = await stream(text, s.text, 'text');
  progress(2, 4, 'steps');
  Object.assign(arrays, streamArrays(v, t, s));
  progress(3, 4, 'steps');

  const baseFolders = foldersOf(inputs, 'base');
  let pairs = 0;
  if (baseFolders.length > 0) {
    const baseEncoder = await createEncoder(base, { device });
    const models = {
      tuned: { store: vision, sae: tuned, encoder },
      base: { store: await openStore(baseFolders), sae: base, encoder: baseEncoder },
    };
    const { scaling, tokens } = await latentScaling(models, s.layer, s.vision);
    if (tokens > 0) for (const target of SCALING_TARGETS) arrays[`beta.${target}`] = scaling[target];
    pairs = tokens;
    await baseEncoder.close();
  }
  await encoder.close();
  arrays['samples.vision'] = Float64Array.of(v.sums.samples);
  arrays['samples.text'] = Float64Array.of(t.sums.samples);
  arrays['tokens.scaling'] = Float64Array.of(pairs);
  const named = Object.entries(arrays).map(([name, data]): [string, NamedArray] => [name, vector(data)]);
  await writeArrays(join(out, DIFF_FILE), Object.fromEntries(named));
  progress(4, 4, 'steps');
};

interface Reader {
  readonly store: ActivationStore;
  readonly sae: Sae;
  readonly encoder: Encoder;
}

/** Latent scaling over the tokens that both models read, a chunk at a time. */
async function latentScaling(
  models: { readonly tuned: Reader; readonly base: Reader },
  layer: number,
  range: SampleRange | null,
) {
  const pairs = pairTokens(models.tuned.store, models.base.store, range);
  const scaling = new LatentScaling(models.tuned.sae, models.base.sae);
  const read = async ({ store, sae, encoder }: Reader, rows: Uint32Array) => {
    const first = rows.reduce((a, b) => Math.min(a, b));
    const last = rows.reduce((a, b) => Math.max(a, b));
    const all = await store.rows(layer, first, last + 1);
    const x = new Float32Array(rows.length * sae.d);
    for (const [k, row] of rows.entries())
      x.set(all.subarray((row - first) * sae.d, (row - first + 1) * sae.d), k * sae.d);
    return { u: prepare(sae, x).u, features: await encoder.encodeSparse(x, rows.length) };
  };
  for (let at = 0; at < pairs.a.length; at += CHUNK)
    scaling.add(
      await read(models.tuned, pairs.a.subarray(at, at + CHUNK)),
      await read(models.base, pairs.b.subarray(at, at + CHUNK)),
    );
  return { scaling: scaling.finish(), tokens: pairs.a.length };
}
