import { f32, type Tensor } from '#graph/tensor.ts';
import type { Metric } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sae } from '#pipelines/sae/types.ts';

/** What of a feature is traced: its pre-activation, its activation, or the raw projection on its decoder row (the paper). */
export type Target = 'pre' | 'activation' | 'projection';

/** `x . direction + bias` of one feature on the residual stream, then `activation`. */
export interface Readout {
  /** `[dModel]` */
  readonly direction: Float32Array;
  readonly bias: number;
}

/** Rules by target (method.md, "Head tracing"). */
const READOUTS: Record<Target, (sae: Sae, feature: number) => Readout> = {
  pre: encoderReadout,
  activation: encoderReadout,
  projection: (sae, feature) => ({ direction: sae.wDec.slice(feature * sae.d, (feature + 1) * sae.d), bias: 0 }),
};

/** `z_i = (scale x - bDec) wEnc_i + bEnc_i` as a direction and a bias on `x`. */
function encoderReadout(sae: Sae, feature: number): Readout {
  const direction = new Float32Array(sae.d);
  let bias = sae.bEnc[feature] ?? 0;
  for (let j = 0; j < sae.d; j += 1) {
    const w = sae.wEnc[j * sae.n + feature] ?? 0;
    direction[j] = sae.scale * w;
    if (sae.applyBDec) bias -= (sae.bDec[j] ?? 0) * w;
  }
  return { direction, bias };
}

/**
 * The metrics of K features of one layer: `m_k = sum over the mask of act(x . direction_k + bias_k)`.
 * @param mask `[batch, pos]`, 1 at the text tokens after the image
 * Throws `ParallaxError` for a feature that the dictionary does not have, or a width that does not fit.
 */
export function featureMetric(
  sae: Sae,
  layer: number,
  features: readonly number[],
  target: Target,
  mask: Tensor<'float32'>,
): Metric {
  const direction = new Float32Array(features.length * sae.d);
  const bias = new Float32Array(features.length);
  features.forEach((feature, k) => {
    if (!(feature >= 0 && feature < sae.n))
      throw new ParallaxError(
        `feature ${feature} of layer ${layer} does not exist`,
        `choose a feature from 0 to ${sae.n - 1}`,
      );
    const readout = READOUTS[target](sae, feature);
    direction.set(readout.direction, k * sae.d);
    bias[k] = readout.bias;
  });
  return {
    at: `blocks.${layer}.hook_resid_post`,
    direction: f32(direction, [features.length, sae.d]),
    bias: f32(bias),
    mask,
    activation: target === 'activation' ? 'relu' : 'identity',
  };
}
