import type { DecoderInputs, Metric } from '#graph/types.ts';
import type { TracedModel } from '#pipelines/models/types.ts';

/** Estimated effects of the queries and keys of every head up to a layer, `[K, samples, layers, heads]`, row-major. */
export interface NodeEffects {
  readonly queries: Float32Array;
  readonly keys: Float32Array;
}
type NodeEstimator = (
  model: TracedModel,
  metric: Metric,
  layer: number,
  inputs: { readonly clean: DecoderInputs; readonly corrupt: DecoderInputs },
) => Promise<NodeEffects>;

const patternSite = (layer: number) => `blocks.${layer}.attn.hook_pattern`;
const NODES = { queries: 'hook_q', keys: 'hook_k' } as const;

/**
 * AtP* (Kramar et al. 2024, 2403.00745, "QK fix"): what m changes by when a head's queries (keys) become those of the corrupt run at
 * every position. Where attention is saturated the softmax has no slope, and a gradient through it says nothing; so the pattern is
 * computed again with the corrupt queries (keys), and its change multiplied with dm/dpattern of the clean run, along which m is
 * linear but for later layers. A key that several heads share counts for each head by what that head makes of it.
 *
 * Cost on top of `traceBatch`: one gradient that keeps `[K, batch, heads, pos, pos]` a layer, one corrupt run, and two clean runs a
 * layer, each cut behind that layer's pattern: about `layers + 2` more passes. The estimate of z stays as it is: z lies behind the softmax.
 */
const recomputedPattern: NodeEstimator = async ({ decoder }, metric, layer, inputs) => {
  const layers = Array.from({ length: layer + 1 }, (_, l) => l);
  const { grads, values } = await decoder.gradient(inputs.clean, metric, layers.map(patternSite));
  const taps = layers.flatMap((l) => Object.values(NODES).map((hook) => `blocks.${l}.attn.${hook}`));
  const corrupt = await decoder.run(inputs.corrupt, { taps });
  const features = metric.direction.dims[0]!;
  const [samples = 0, heads = 0] = values[patternSite(0)]!.dims;
  const size = () => new Float32Array(features * samples * layers.length * heads);
  const out = { queries: size(), keys: size() };
  for (const l of layers)
    for (const node of Object.keys(NODES) as (keyof typeof NODES)[]) {
      const [at, site] = [`blocks.${l}.attn.${NODES[node]}`, patternSite(l)];
      const interventions = [{ at, op: 'set' as const, value: corrupt[at]! }];
      const patched = (await decoder.run(inputs.clean, { taps: [site], interventions }))[site]!.data;
      const [pattern, grad] = [values[site]!.data, grads[site]!.data];
      const cells = pattern.length / (samples * heads);
      for (let k = 0; k < features; k += 1)
        for (let s = 0; s < samples; s += 1)
          for (let h = 0; h < heads; h += 1) {
            const from = (s * heads + h) * cells;
            const gradFrom = k * pattern.length + from;
            let sum = 0;
            for (let c = 0; c < cells; c += 1) sum += (patched[from + c]! - pattern[from + c]!) * grad[gradFrom + c]!;
            out[node][((k * samples + s) * layers.length + l) * heads + h] = sum;
          }
    }
  return out;
};

/** Name of an estimator in a config -> how it estimates queries and keys; null where it stops at the heads' outputs. */
export const ESTIMATORS = { atp: null, 'atp*': recomputedPattern } as const satisfies Record<
  string,
  NodeEstimator | null
>;
export type Estimator = keyof typeof ESTIMATORS;
