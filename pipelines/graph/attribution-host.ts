import { layerOf, zSite } from './site.ts';
import { concatBatch } from './stack.ts';
import { f32, type Tensor } from './tensor.ts';
import type { AttributionSide, GradientResult, Site } from './types.ts';

type Values = Readonly<Record<Site, Tensor<'float32'>>>;

/** Attributions from gradients that have left the graph: `(other z - z) . grad` by head, at the positions that count. */
export function attributeGradients(
  { metric, grads, values }: GradientResult,
  other: Values,
  counted: Tensor<'float32'>,
  byPosition: boolean,
): AttributionSide {
  const sites = Object.keys(grads).sort((a, b) => layerOf(a, 0) - layerOf(b, 0));
  const layers = sites.length;
  const [k, batch, pos, heads, width] = grads[zSite(0)]!.dims as [number, number, number, number, number];
  const effect = new Float32Array(k * batch * layers * heads);
  const absolute = new Float32Array(effect.length);
  const positions = new Float32Array(byPosition ? effect.length * pos : 0);
  const share = Array.from({ length: batch }, (_, b) =>
    counted.data.subarray(b * pos, (b + 1) * pos).reduce((x, y) => x + y, 0),
  );
  sites.forEach((site, layer) => {
    const [grad, own, theirs] = [grads[site]!.data, values[site]!.data, other[site]!.data];
    for (let kb = 0; kb < k * batch; kb += 1)
      for (let t = 0; t < pos; t += 1)
        for (let h = 0; h < heads; h += 1) {
          const row = ((kb % batch) * pos + t) * heads + h;
          const from = ((kb * pos + t) * heads + h) * width;
          let sum = 0;
          for (let j = 0; j < width; j += 1)
            sum += (theirs[row * width + j]! - own[row * width + j]!) * grad[from + j]!;
          sum *= counted.data[(kb % batch) * pos + t]!;
          const at = (kb * layers + layer) * heads + h;
          effect[at]! += sum;
          absolute[at]! += Math.abs(sum) / share[kb % batch]!;
          if (byPosition) positions[((kb * layers + layer) * pos + t) * heads + h] = sum;
        }
  });
  const dims = [k, batch, layers, heads];
  return {
    metric,
    effect: f32(effect, dims),
    absolute: f32(absolute, dims),
    ...(byPosition ? { byPosition: f32(positions, [k, batch, layers, pos, heads]) } : {}),
  };
}

/** One half of the batch axis of `[K, batch, ...]`. */
function half(tensor: Tensor<'float32'>, second: boolean): Tensor<'float32'> {
  const [k, batch, ...rest] = tensor.dims as [number, number, ...number[]];
  const size = (rest.reduce((a, b) => a * b, 1) * batch) / 2;
  const data = new Float32Array(k * size);
  for (let i = 0; i < k; i += 1) {
    const from = (2 * i + (second ? 1 : 0)) * size;
    data.set(tensor.data.subarray(from, from + size), i * size);
  }
  return f32(data, [k, batch / 2, ...rest]);
}

/** A side of one half of a batch of both runs. */
export const halves = (side: AttributionSide, second: boolean): AttributionSide => ({
  metric: half(side.metric, second),
  effect: half(side.effect, second),
  absolute: half(side.absolute, second),
  ...(side.byPosition ? { byPosition: half(side.byPosition, second) } : {}),
});

/** Sides of parts of a batch as one. */
export const joinSides = (sides: readonly AttributionSide[]): AttributionSide => ({
  metric: concatBatch(sides.map((s) => s.metric)),
  effect: concatBatch(sides.map((s) => s.effect)),
  absolute: concatBatch(sides.map((s) => s.absolute)),
  ...(sides[0]!.byPosition ? { byPosition: concatBatch(sides.map((s) => s.byPosition!)) } : {}),
});
