import type { Sae } from '#pipelines/sae/types.ts';
import { reconstruct } from './encode.ts';
import type { SparseFeatures } from './features.ts';
import { rowDot } from './geometry.ts';

/** Targets of latent scaling, in the order of the sums kept. */
export const SCALING_TARGETS = [
  'tuned',
  'tuned_reconstruction',
  'tuned_error',
  'base',
  'base_reconstruction',
  'base_error',
] as const;
export type ScalingTarget = (typeof SCALING_TARGETS)[number];
export type Scaling = Readonly<Record<ScalingTarget, Float64Array>>;

/** One model's tokens in its dictionary's space, `u [tokens, d]`, and the dictionary's features on them. */
export interface ScalingRows {
  readonly u: ArrayLike<number>;
  readonly features: SparseFeatures;
}

/**
 * Latent scaling (Minder et al. 2504.02922): `beta(y) = sum_t f_i (d_i . y) / (|d_i|^2 sum_t f_i^2)`, `d_i` and `f_i` of
 * the tuned model's dictionary, `y` the activation, its reconstruction and its error without feature i, of either model
 * on the same tokens. The ratio of base to tuned tells a new feature from an artefact of training. Streams in chunks.
 */
export class LatentScaling {
  readonly #tuned: Sae;
  readonly #base: Sae;
  readonly #norm: Float64Array;
  readonly #cross: Float64Array;
  readonly #square: Float64Array;
  readonly #sums: Float64Array[];

  constructor(tuned: Sae, base: Sae) {
    const { n, d } = tuned;
    this.#tuned = tuned;
    this.#base = base;
    this.#norm = Float64Array.from({ length: n }, (_, i) => rowDot(tuned.wDec, i, tuned.wDec, i, d));
    this.#cross = Float64Array.from({ length: n }, (_, i) => rowDot(tuned.wDec, i, base.wDec, i, d));
    this.#square = new Float64Array(n);
    this.#sums = SCALING_TARGETS.map(() => new Float64Array(n));
  }

  /** Adds tokens: row `t` of both is the same token. */
  add(tuned: ScalingRows, base: ScalingRows): void {
    const { d, wDec } = this.#tuned;
    const tokens = tuned.u.length / d;
    const u = new Float64Array(d);
    const uHat = new Float64Array(d);
    const v = new Float64Array(d);
    const vHat = new Float64Array(d);
    const baseValue = new Float64Array(this.#tuned.n);
    for (let t = 0; t < tokens; t += 1) {
      for (let j = 0; j < d; j += 1) {
        u[j] = tuned.u[t * d + j]!;
        v[j] = base.u[t * d + j]!;
      }
      reconstruct(this.#tuned, tuned.features, t, uHat);
      reconstruct(this.#base, base.features, t, vHat);
      setRow(baseValue, base.features, t, true);
      const { offsets, index, value } = tuned.features;
      for (let k = offsets[t]!; k < offsets[t + 1]!; k += 1) {
        const i = index[k]!;
        const f = value[k]!;
        let [du, duHat, dv, dvHat] = [0, 0, 0, 0];
        for (let j = 0; j < d; j += 1) {
          const w = wDec[i * d + j]!;
          du += w * u[j]!;
          duHat += w * uHat[j]!;
          dv += w * v[j]!;
          dvHat += w * vHat[j]!;
        }
        this.#square[i]! += f * f;
        this.#sums[0]![i]! += f * du;
        this.#sums[1]![i]! += f * duHat;
        this.#sums[2]![i]! += f * (du - duHat + f * this.#norm[i]!);
        this.#sums[3]![i]! += f * dv;
        this.#sums[4]![i]! += f * dvHat;
        this.#sums[5]![i]! += f * (dv - dvHat + baseValue[i]! * this.#cross[i]!);
      }
      setRow(baseValue, base.features, t, false);
    }
  }

  /** `[n]` a target; 0 where a feature never fired or its decoder row is zero. */
  finish(): Scaling {
    const entries = SCALING_TARGETS.map((target, m) => [
      target,
      this.#sums[m]!.map((sum, i) => {
        const denominator = this.#norm[i]! * this.#square[i]!;
        return denominator === 0 ? 0 : sum / denominator;
      }),
    ]);
    return Object.fromEntries(entries) as Scaling;
  }
}

/** Writes token `t`'s features into a dense row, or clears them. */
function setRow(row: Float64Array, { offsets, index, value }: SparseFeatures, t: number, write: boolean): void {
  for (let k = offsets[t]!; k < offsets[t + 1]!; k += 1) row[index[k]!] = write ? value[k]! : 0;
}
