import type { Random } from '#pipelines/data/random.ts';
import type { Controlled } from '#release/schema/estimate.ts';
import { mean, wilson } from '../statistics/index.ts';
import { type Bootstrap, meanOf } from './estimate.ts';
import { type Rows, ridge } from './ridge.ts';

/** Rows of the samples for which `keep` says so. */
export function rowsOf({ d, data }: Rows, keep: readonly number[]): Rows {
  const out = new Float64Array(keep.length * d);
  for (const [to, from] of keep.entries()) out.set(data.subarray(from * d, (from + 1) * d), to * d);
  return { d, data: out };
}

/** Two halves of the samples at random: one trains, the other is held out. */
function split(samples: readonly number[], random: Random): { train: number[]; test: number[] } {
  const order = random.shuffle(samples);
  return { train: order.slice(0, order.length >> 1), test: order.slice(order.length >> 1) };
}

/** The same values in random order: what a probe can learn when there is nothing to learn (Hewitt and Liang 2019). */
const shuffled = <T>(values: readonly T[], random: Random): T[] => random.shuffle(values);

/**
 * Linear probe of a class (ridge on one-hot targets): held-out accuracy with Wilson's interval, beside the same probe trained
 * on shuffled labels.
 * @param labels null where a sample has none
 */
export function classProbe(rows: Rows, labels: readonly (string | null)[], options: Bootstrap): Controlled | null {
  const known = labels.flatMap((label, i) => (label === null ? [] : [i]));
  const classes = [...new Set(known.map((i) => labels[i]!))].sort();
  if (classes.length < 2 || known.length < 8) return null;
  const { train, test } = split(known, options.random);
  const names = train.map((i) => labels[i]!);
  const oneHot = [names, shuffled(names, options.random)].flatMap((trained) =>
    classes.map((c) => trained.map((label) => (label === c ? 1 : 0))),
  );
  const scores = ridge(rowsOf(rows, train), oneHot, rowsOf(rows, test));
  const right = (of: readonly Float64Array[]): Float64Array =>
    Float64Array.from(test, (sample, k) => {
      const best = of.reduce((top, score, c) => (score[k]! > of[top]![k]! ? c : top), 0);
      return classes[best] === labels[sample] ? 1 : 0;
    });
  const accuracy = (hits: Float64Array) => {
    const k = hits.reduce((a, b) => a + b, 0);
    return { value: k / hits.length, ...wilson(k, hits.length, options.confidence), n: hits.length };
  };
  const [own, control] = [right(scores.slice(0, classes.length)), right(scores.slice(classes.length))];
  return {
    ...accuracy(own),
    control: { kind: 'shuffled labels', ...accuracy(control) },
    difference: meanOf(
      own.map((hit, k) => hit - control[k]!),
      options,
    ),
  };
}

/**
 * Linear probe of a number: held-out R^2 with a bootstrap interval over samples, beside the same probe trained on shuffled values.
 * @param values null where a sample has none
 */
export function valueProbe(rows: Rows, values: readonly (number | null)[], options: Bootstrap): Controlled | null {
  const known = values.flatMap((value, i) => (value === null ? [] : [i]));
  if (known.length < 8) return null;
  const { train, test } = split(known, options.random);
  const truth = test.map((i) => values[i]!);
  const middle = mean(truth);
  const spread = mean(truth.map((y) => (y - middle) ** 2));
  if (spread === 0) return null;
  const numbers = train.map((i) => values[i]!);
  const targets = [numbers, shuffled(numbers, options.random)];
  const [own, control] = ridge(rowsOf(rows, train), targets, rowsOf(rows, test)).map((predicted) =>
    Float64Array.from(truth, (y, k) => 1 - (y - predicted[k]!) ** 2 / spread),
  ) as [Float64Array, Float64Array];
  return {
    ...meanOf(own, options),
    control: { kind: 'shuffled values', ...meanOf(control, options) },
    difference: meanOf(
      own.map((s, k) => s - control[k]!),
      options,
    ),
  };
}
