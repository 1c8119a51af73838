import { i64 } from '#graph/tensor.ts';
import type { Kit } from './kit.ts';

export interface Scored {
  /** Weighted mean of the negative log-likelihoods, a scalar. */
  readonly loss: string;
  /** Weighted share of rows whose largest logit is the target, a scalar. */
  readonly accuracy: string;
}

/** Largest logit of each row, int64 `[n]`. */
export const best = (k: Kit, logits: string): string => k.g.op('ArgMax', [logits], { axis: { int: -1 }, keepdims: 0 });

/** Log-likelihood of the target of each row, `[n]`. */
export function logLikelihood(k: Kit, logits: string, target: string): string {
  const logP = k.g.op('LogSoftmax', [logits], { axis: { int: -1 } });
  const column = k.g.op('Unsqueeze', [target, k.ints(1)]);
  return k.g.op('Squeeze', [k.g.op('GatherElements', [logP, column], { axis: { int: 1 } }), k.ints(1)]);
}

/**
 * Cross-entropy over rows.
 * @param logits `[n, classes]`
 * @param target int64 `[n]`
 * @param weight float32 `[n]`, 0 where a row does not count
 */
export function crossEntropy(k: Kit, logits: string, target: string, weight: string): Scored {
  const total = k.add(k.sumAll(weight), k.scalar(1e-6));
  const own = logLikelihood(k, logits, target);
  const loss = k.div(k.g.op('Neg', [k.sumAll(k.mul(own, weight))]), total);
  const right = k.float(k.g.op('Equal', [best(k, logits), target]));
  return { loss, accuracy: k.div(k.sumAll(k.mul(right, weight)), total) };
}

/** Weighted mean of squared differences of rows `[n, width]`, summed over the width. */
export function squaredError(k: Kit, x: string, target: string, weight: string): string {
  const each = k.sum(k.square(k.sub(x, target)), 1);
  return k.div(k.sumAll(k.mul(each, weight)), k.add(k.sumAll(weight), k.scalar(1e-6)));
}

export interface Guided {
  readonly loss: string;
  /** Mean attention that the guided heads pay to the places they should look at. */
  readonly looks: string;
}

/**
 * Attention guided alignment: at a word that names a thing, some heads of a layer look at the places of that thing.
 *
 * @param pattern `[rows, heads, length, length]`
 * @param look float32 `[rows, length, places]`, 1 where the word at this position should look; 0 rows do not count
 * @param heads the first, and the one after the last
 * @param places the first, and the one after the last
 * @param spread evenly over all places to look at (cross-entropy), else anywhere among them
 */
export function guidance(
  k: Kit,
  pattern: string,
  look: string,
  heads: readonly [number, number],
  places: readonly [number, number],
  spread = false,
): Guided {
  const at = (axis: number) => k.g.constant(i64([axis]));
  const some = k.slice(k.slice(pattern, 1, ...heads), 3, ...places);
  const wanted = k.g.op('Unsqueeze', [look, at(1)]);
  const mass = k.sum(k.mul(some, wanted), 3);
  const counts = k.g.op('Unsqueeze', [k.g.op('ReduceMax', [look, at(2)], { keepdims: 0 }), at(1)]);
  const total = k.add(k.times(k.sumAll(counts), heads[1] - heads[0]), k.scalar(1e-6));
  const logOf = (x: string) => k.log(k.add(x, k.scalar(1e-5)));
  const each = spread
    ? k.div(k.sum(k.mul(logOf(some), wanted), 3), k.add(k.sum(wanted, 3), k.scalar(1e-6)))
    : k.mul(logOf(mass), counts);
  const loss = k.g.op('Neg', [k.div(k.sumAll(each), total)]);
  return { loss, looks: k.div(k.sumAll(k.mul(mass, counts)), total) };
}
