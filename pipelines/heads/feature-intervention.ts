import { f32 } from '#graph/tensor.ts';
import type { Intervention } from '#graph/types.ts';
import { random } from '#pipelines/data/random.ts';
import type { Encoded } from '#pipelines/models/types.ts';
import type { Sae } from '#pipelines/sae/types.ts';

/** Sites of one block at which a direction is written. */
const WRITES = ['hook_attn_out', 'hook_mlp_out', 'hook_resid_post'] as const;

/** Positions after the image, up to the longest sample of a batch (padding is never read). */
function afterImage(batch: readonly Encoded[]): number[] {
  const from = Math.max(...batch.map((e) => e.afterImage));
  const to = Math.max(...batch.map((e) => e.ids.length));
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Removes a unit direction from what block `layer` writes and carries on, at the text tokens after the image. */
export const ablateDirection =
  (layer: number, direction: Float32Array) =>
  (batch: readonly Encoded[]): Intervention[] => {
    const positions = afterImage(batch);
    return WRITES.map((site) => ({
      at: `blocks.${layer}.${site}`,
      op: 'project_out',
      positions,
      value: f32(direction),
    }));
  };

/** Adds `amount` (in units of the residual stream) times a unit direction after block `layer`, at the text tokens after the image. */
export const steerDirection =
  (layer: number, direction: Float32Array, amount: number) =>
  (batch: readonly Encoded[]): Intervention[] => [
    {
      at: `blocks.${layer}.hook_resid_post`,
      op: 'add',
      positions: afterImage(batch),
      value: f32(direction),
      factor: amount,
    },
  ];

/** The unit decoder direction of a feature, and the length of its write per unit of activation (after the scale is undone). */
export function decoderDirection(sae: Sae, feature: number): { readonly unit: Float32Array; readonly norm: number } {
  const row = sae.wDec.slice(feature * sae.d, (feature + 1) * sae.d);
  const length = Math.hypot(...row);
  return { unit: length > 0 ? row.map((x) => x / length) : row, norm: length / sae.scale };
}

/** A random unit direction of width `d`, the control of equal norm. */
export function randomDirection(d: number, ...seed: readonly (string | number)[]): Float32Array {
  const draw = random(...seed);
  const row = Float32Array.from({ length: d }, () => draw.normal());
  const length = Math.hypot(...row);
  return row.map((x) => x / length);
}
