import type { Hit, Reservoir } from './reservoir.ts';

/** Hits to show under one heading. */
export interface Interval {
  /** `top`, or `q75`: the quarter of hits above the 75th percentile of the feature's maxima; `q0` the weakest quarter. */
  readonly name: string;
  readonly hits: readonly Hit[];
}

export interface Shown {
  readonly top: number;
  /** From each quarter. */
  readonly bin: number;
}

const QUARTERS = [75, 50, 25, 0] as const;

/** The strongest hits, then a random choice from each quarter of the rest; quarters of the random choice of all hits. */
export function intervalsOf({ top, drawn }: Reservoir, shown: Shown): Interval[] {
  const strongest = top.slice(0, shown.top);
  const taken = new Set(strongest.map((hit) => hit.sample));
  const sorted = [...drawn].sort((a, b) => a.max - b.max || a.sample - b.sample);
  const quarters = QUARTERS.map((from) => {
    const bin = sorted.slice(Math.ceil((sorted.length * from) / 100), Math.ceil((sorted.length * (from + 25)) / 100));
    const rest = bin.filter((hit) => !taken.has(hit.sample)).sort((a, b) => a.key - b.key || a.sample - b.sample);
    return { name: `q${from}`, hits: rest.slice(0, shown.bin).sort((a, b) => b.max - a.max || a.sample - b.sample) };
  });
  return [{ name: 'top', hits: strongest }, ...quarters].filter(({ hits }) => hits.length > 0);
}
