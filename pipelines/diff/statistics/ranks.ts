import { pearson } from './correlation.ts';
import { requireFinite, undefinedFor } from './errors.ts';

/** Ranks from 1; equal values share the mean of their ranks. */
export function meanRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((x, y) => values[x]! - values[y]!);
  const ranks = new Float64Array(n);
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && values[order[to]!] === values[order[from]!]) to += 1;
    for (let k = from; k < to; k += 1) ranks[order[k]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/** Spearman's rank correlation, ties by mean ranks. A constant is an error. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  requireFinite('Spearman', 'x', x);
  requireFinite('Spearman', 'y', y);
  return pearson(meanRanks(x), meanRanks(y));
}

/**
 * Area under the ROC curve of `scores` for `labels` 0/1 (Mann-Whitney), a tie counts half.
 * @throws StatisticsError where only one class is present
 */
export function auroc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (scores.length !== labels.length)
    throw undefinedFor('AUROC', 'labels', `number ${labels.length} for ${scores.length} scores`);
  requireFinite('AUROC', 'scores', scores);
  const ranks = meanRanks(scores);
  let positives = 0;
  let rankSum = 0;
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i]!;
    if (label !== 0 && label !== 1) throw undefinedFor('AUROC', `labels[${i}]`, `must be 0 or 1, is ${label}`);
    positives += label;
    rankSum += label * ranks[i]!;
  }
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) throw undefinedFor('AUROC', 'labels', 'hold one class only');
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** AUROC of every column of `scores [m, f]`. */
export function aurocColumns(scores: ArrayLike<number>, columns: number, labels: ArrayLike<number>): Float64Array {
  const m = labels.length;
  if (scores.length !== m * columns)
    throw undefinedFor('AUROC', 'labels', `number ${m} for ${scores.length / columns} rows of scores`);
  const column = new Float64Array(m);
  return Float64Array.from({ length: columns }, (_, f) => {
    for (let i = 0; i < m; i += 1) column[i] = scores[i * columns + f]!;
    return auroc(column, labels);
  });
}
