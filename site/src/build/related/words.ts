import type { Estimate } from '#release/schema/index.ts';
import { count } from '../../render/number.ts';

/** What a probe reads. */
export const TOKENS = { image: 'picture tokens', text: 'words after it', last: 'last token' } as const;

/** What it tells. */
export const TARGETS = { x: 'place across', y: 'place up', identity: 'which thing', holds: 'relation holds' } as const;

/** How many samples stand behind some estimates. */
export function samplesOf(of: readonly Pick<Estimate, 'n'>[]): string {
  const counts = of.map(({ n }) => n);
  if (counts.length === 0) return '';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `n ${count(least)}.` : `n ${count(least)} to ${count(most)}.`;
}

/** The value that a share of all lie at or below, the lower one of two; NaN of none. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;

export const median = (values: readonly number[]): number => quantile(values, 0.5);
