import { ReleaseError } from '../errors.ts';
import { TopK } from '../top-k.ts';
import type { Int8Encoder } from './encoder.ts';
import type { Projector } from './project.ts';

export interface ProbeHit {
  readonly index: number;
  /** Pre-activation. */
  readonly pre: number;
  /** Activation; 0 where the dictionary's activation function lets nothing through. */
  readonly activation: number;
}

/** With 12 bits a sum of 8192 products of int8 and input stays within int32. */
const INPUT_MAX = 2047;

/** Residual vector -> int16 and the factor that undoes it. `x` is `[d]`. */
export function quantiseInput(
  { d, width, center, inputScale }: Int8Encoder,
  x: ArrayLike<number>,
): { q: Int16Array; factor: number } {
  if (x.length !== d)
    throw new ReleaseError(
      'argument',
      `vectors: a vector has ${x.length} numbers, this layer's width is ${d}`,
      `give vectors of ${d} numbers`,
    );
  const u = new Float64Array(d);
  let most = 0;
  for (let j = 0; j < d; j += 1) {
    u[j] = inputScale * x[j]! - center[j]!;
    most = Math.max(most, Math.abs(u[j]!));
  }
  if (!Number.isFinite(most))
    throw new ReleaseError('argument', 'vectors: a number is too large', 'give residual vectors of the tuned model');
  const q = new Int16Array(width);
  if (most > 0) for (let j = 0; j < d; j += 1) q[j] = Math.round((u[j]! / most) * INPUT_MAX);
  return { q, factor: most / INPUT_MAX };
}

/** What each activation function lets through. `rank` is the feature's place by pre-activation. */
export const ACTIVATIONS: Readonly<
  Record<string, (encoder: Int8Encoder, index: number, pre: number, rank: number) => boolean>
> = {
  relu: (_e, _i, pre) => pre > 0,
  topk: (e, _i, pre, rank) => pre > 0 && rank < (e.k ?? 0),
  batchtopk: (e, _i, pre) => pre > Math.max(0, e.threshold?.[0] ?? 0),
  jumprelu: (e, i, pre) => pre > (e.threshold?.[i] ?? 0),
};

/** Pre-activations of the vector at hand, `[n]` at least: a new array of this size for every vector would cost as much as filling it. */
let scratch = new Float64Array();

/** The `k` features with the largest pre-activation, the largest first. */
export function probeVector(encoder: Int8Encoder, projector: Projector, x: ArrayLike<number>, k: number): ProbeHit[] {
  const { q, factor } = quantiseInput(encoder, x);
  const sums = projector.project(q);
  const { scale, bias, n } = encoder;
  if (scratch.length < n) scratch = new Float64Array(n);
  const pre = scratch;
  const top = new TopK(k, (a, b) => pre[b]! - pre[a]! || a - b);
  // Nearly every feature lies below the last one kept: one comparison then, instead of a call.
  let floor = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i += 1) {
    const z = sums[i]! * scale[i]! * factor + bias[i]!;
    pre[i] = z;
    if (z <= floor) continue;
    top.add(i);
    if (top.last !== undefined) floor = pre[top.last]!;
  }
  const passes = ACTIVATIONS[encoder.activation];
  if (!passes)
    throw new ReleaseError(
      'malformed',
      `int8 encoder: activation "${encoder.activation}" is not known`,
      'run `parallax verify` on the release',
    );
  return top.sorted().map((index, rank) => ({
    index,
    pre: pre[index]!,
    activation: passes(encoder, index, pre[index]!, rank) ? pre[index]! : 0,
  }));
}
