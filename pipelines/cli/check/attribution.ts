import { z } from 'zod';
import { openDecoder } from '#graph/decoder.ts';
import { f32 } from '#graph/tensor.ts';
import type { DecoderInputs, HeadRef, Metric } from '#graph/types.ts';
import type { Answer, Check, GoldenCase } from './case.ts';
import { engineTensor, loadInputs, modelPath } from './taps.ts';

const AttributionSpec = z.object({
  model: z.string(),
  clean: z.string(),
  corrupt: z.string(),
  metric: z.object({
    at: z.string(),
    direction: z.string(),
    bias: z.number(),
    positions: z.array(z.number().int()),
    activation: z.enum(['identity', 'relu']),
  }),
});

const METRIC_FILE = 'metric.safetensors';

async function metricOf(
  golden: GoldenCase,
  spec: z.infer<typeof AttributionSpec>['metric'],
  pos: number,
): Promise<Metric> {
  const stored = (await golden.load(METRIC_FILE)).get(spec.direction);
  if (!stored) throw new Error(`metric.direction "${spec.direction}" is not in ${METRIC_FILE}`);
  const wrong = spec.positions.find((p) => p < 0 || p >= pos);
  if (wrong !== undefined) throw new Error(`metric.positions: ${wrong} is not a position of the ${pos}`);
  const mask = new Float32Array(pos);
  for (const p of spec.positions) mask[p]! += 1;
  const direction = Float32Array.from(engineTensor(stored).data as ArrayLike<number>);
  return {
    at: spec.at,
    direction: f32(direction, [1, direction.length]),
    bias: f32([spec.bias]),
    mask: f32(mask, [1, pos]),
    activation: spec.activation,
  };
}

const answer = (data: ArrayLike<number>, shape: readonly number[]): Answer => ({ shape, data });

/** `attribution`: gradients and attributions of all heads up to the metric's layer, and their exact patches. */
export const check: Check = async (golden) => {
  const spec = AttributionSpec.parse(golden.spec);
  const decoder = await openDecoder(modelPath(golden, spec.model));
  try {
    const names = new Set(decoder.inputNames);
    const inputs = async (file: string): Promise<DecoderInputs> =>
      Object.fromEntries([...(await loadInputs(golden, file))].filter(([name]) => names.has(name)));
    const [clean, corrupt] = [await inputs(spec.clean), await inputs(spec.corrupt)];
    const { heads, tokens, layers } = decoder.anatomy;
    const metric = await metricOf(golden, spec.metric, clean[tokens.input]?.dims[1] ?? 0);
    const layer = Number(/^blocks\.(\d+)\./.exec(metric.at)?.[1] ?? layers - 1);
    const sites = Array.from({ length: layer + 1 }, (_, l) => `blocks.${l}.attn.hook_z`);
    const result = new Map<string, Answer>();
    const runs = {
      clean: await decoder.gradient(clean, metric, sites),
      corrupt: await decoder.gradient(corrupt, metric, sites),
    };
    for (const [name, run] of Object.entries(runs)) {
      result.set(`metric.${name}`, answer(run.metric.data, [1]));
      for (const site of sites)
        result.set(`grad.${name}.${site}`, answer(run.grads[site]!.data, run.grads[site]!.dims.slice(2)));
    }
    const { clean: noising, corrupt: denoising } = await decoder.attribute(clean, corrupt, metric);
    const table = [layer + 1, heads];
    result.set('attribution.clean', answer(noising.effect.data, table));
    result.set('attribution.clean.abs', answer(noising.absolute.data, table));
    result.set('attribution.corrupt', answer(denoising!.effect.data, table));
    const refs: HeadRef[] = sites.flatMap((_, l) => Array.from({ length: heads }, (_, head) => ({ layer: l, head })));
    const patched = await decoder.patchHeads(clean, metric, refs, runs.corrupt.values);
    result.set('patch.noising', answer(patched.data, table));
    const restored = await decoder.patchHeads(corrupt, metric, refs, runs.clean.values);
    result.set('patch.denoising', answer(restored.data, table));
    return { answers: result };
  } finally {
    await decoder.close();
  }
};
