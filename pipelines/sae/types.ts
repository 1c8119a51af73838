export type ActivationKind = 'relu' | 'topk' | 'batchtopk' | 'jumprelu' | 'gated';

/** Normalisation of each token before `scale`, undone on its reconstruction. SAELens: `layer_norm`, `constant_norm_rescale`. */
export type TokenNorm = 'layer' | 'constant';

/**
 * A sparse autoencoder as the project uses it. For one token x: `u = scale norm(x)`, `z = (u - bDec [applyBDec]) wEnc + bEnc`,
 * `f = act(z)`, `u^ = f wDec + bDec`, `x^ = norm^-1(u^ / scale)`.
 */
export interface Sae {
  readonly d: number;
  readonly n: number;
  readonly activation: ActivationKind;
  /** TopK and BatchTopK. */
  readonly k?: number;
  /** Activation normalisation, stored with the dictionary. */
  readonly scale: number;
  readonly applyBDec: boolean;
  /** None where absent. */
  readonly norm?: TokenNorm;
  /** `[d, n]` row-major */
  readonly wEnc: Float32Array;
  /** `[n]` */
  readonly bEnc: Float32Array;
  /** `[n, d]` row-major: one decoder row a feature */
  readonly wDec: Float32Array;
  /** `[d]` */
  readonly bDec: Float32Array;
  /** JumpReLU `[n]`, BatchTopK at inference `[1]` */
  readonly threshold?: Float32Array;
  /** Gated: `f = [z > 0] max(0, scale z + bias)`, both `[n]`. */
  readonly gate?: { readonly scale: Float32Array; readonly bias: Float32Array };
}

/** Stages of method.md, with the controls: F2 = F with another seed, C = the text-only fine-tune. */
export const STAGES = ['S', 'D', 'M', 'F', 'F2', 'C'] as const;
export type StageName = (typeof STAGES)[number];
