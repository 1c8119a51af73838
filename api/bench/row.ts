/** One measured figure. `limit` is the goal, where one was set: of the ratio, where there is one, otherwise of the figure. */
export interface BenchRow {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
  readonly limit?: number;
  readonly ratio?: number;
  readonly n: number;
  /** Half the range between the quartiles, over the median. */
  readonly spread: number;
}

export interface Summary {
  readonly median: number;
  readonly p99: number;
  readonly spread: number;
}

/** Median, 99th percentile and spread of times. */
export function summarise(times: readonly number[]): Summary {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (p: number): number => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0;
  const median = at(0.5);
  return { median, p99: at(0.99), spread: median === 0 ? 0 : (at(0.75) - at(0.25)) / 2 / median };
}
