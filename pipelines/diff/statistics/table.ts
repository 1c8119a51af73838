import { undefinedFor } from './errors.ts';
import { logUpperTail } from './hypergeometric.ts';

/** Fired / not under the target (a, b), fired / not under the baseline (c, d). */
export interface Table {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

export interface TableStatistics {
  readonly oddsRatio: number;
  /** Natural logarithm. */
  readonly logOddsRatio: number;
  readonly riskDifference: number;
  /** Fisher's exact test, one-sided: `P(A >= a)`. Underflows to 0 where `log10P` is below -308. */
  readonly p: number;
  readonly log10P: number;
}

/** `ad / bc`; a table that holds a zero gets 0.5 added to every cell (Haldane 1956, Anscombe 1956). */
export function oddsRatio({ a, b, c, d }: Table): number {
  const h = a === 0 || b === 0 || c === 0 || d === 0 ? 0.5 : 0;
  return ((a + h) * (d + h)) / ((b + h) * (c + h));
}

/** `a/(a+b) - c/(c+d)` */
export const riskDifference = ({ a, b, c, d }: Table): number => a / (a + b) - c / (c + d);

/** Natural log of Fisher's one-sided exact p: the chance of a table with `a` or more, given the margins. */
export const logFisherExact = ({ a, b, c, d }: Table): number => logUpperTail(a, a + b, c + d, a + c);

/**
 * Every statistic of a 2x2 table of counts.
 * @throws StatisticsError where a cell is no count, or a row of the table is empty
 */
export function tableStatistics(table: Table): TableStatistics {
  for (const cell of ['a', 'b', 'c', 'd'] as const)
    if (!Number.isSafeInteger(table[cell]) || table[cell] < 0)
      throw undefinedFor('table', `cell ${cell}`, `must be a count, is ${table[cell]}`);
  if (table.a + table.b === 0) throw undefinedFor('table', 'a + b', 'is 0: no sample under the target');
  if (table.c + table.d === 0) throw undefinedFor('table', 'c + d', 'is 0: no sample under the baseline');
  const logP = logFisherExact(table);
  const ratio = oddsRatio(table);
  return {
    oddsRatio: ratio,
    logOddsRatio: Math.log(ratio),
    riskDifference: riskDifference(table),
    p: Math.min(1, Math.exp(logP)),
    log10P: logP === 0 ? 0 : logP / Math.LN10,
  };
}
