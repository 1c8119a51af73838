import { f32 } from '#graph/tensor.ts';
import type { HeadRef, Intervention } from '#graph/types.ts';
import { byLength } from '#pipelines/models/index.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';

const BATCH = 32;

/** Mean z of every head by layer, over all positions of the samples: `[heads, dHead]` each. */
export async function meanZ(
  model: TracedModel,
  encoded: readonly Encoded[],
  layers: readonly number[],
): Promise<Map<number, Float32Array>> {
  const { heads, dHead } = model.decoder.anatomy;
  const width = heads * dHead;
  const sums = new Map(layers.map((l) => [l, new Float64Array(width)]));
  let count = 0;
  for (const index of byLength(encoded, BATCH)) {
    const batch = index.map((i) => encoded[i]!);
    const taps = await model.decoder.run(model.inputs(batch), { taps: layers.map((l) => `blocks.${l}.attn.hook_z`) });
    const positions = Math.max(...batch.map((e) => e.ids.length));
    for (const [l, sum] of sums) {
      const { data } = taps[`blocks.${l}.attn.hook_z`]!;
      batch.forEach((e, row) => {
        for (let t = 0; t < e.ids.length; t += 1)
          for (let j = 0; j < width; j += 1) sum[j]! += data[(row * positions + t) * width + j]!;
      });
    }
    count += batch.reduce((a, e) => a + e.ids.length, 0);
  }
  return new Map([...sums].map(([l, sum]) => [l, Float32Array.from(sum, (x) => x / count)]));
}

/** Interventions that hold heads at their mean z at every position. */
export function meanAblation(
  heads: readonly HeadRef[],
  means: ReadonlyMap<number, Float32Array>,
  dHead: number,
): Intervention[] {
  return heads.map(({ layer, head }) => ({
    at: `blocks.${layer}.attn.hook_z`,
    op: 'set',
    head,
    value: f32(means.get(layer)!.slice(head * dHead, (head + 1) * dHead)),
  }));
}
