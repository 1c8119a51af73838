import type { Estimate } from '#release/schema/index.ts';
import { count } from '../render/number.ts';

type Counted = Pick<Estimate, 'n'>;

/** The fewest and the most samples behind some estimates: `24`, `4 to 11`; '' for no estimates. */
export function sampleRange(of: readonly Counted[]): string {
  const counts = of.map(({ n }) => n);
  if (counts.length === 0) return '';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? count(least) : `${count(least)} to ${count(most)}`;
}

/** The same as the end of a caption: `n 24.` */
export const samplesOf = (of: readonly Counted[]): string => (of.length === 0 ? '' : `n ${sampleRange(of)}.`);

/** The value that a share of all lie at or below, the lower one of two; NaN of none. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;

export const median = (values: readonly number[]): number => quantile(values, 0.5);
