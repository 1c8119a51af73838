import { readFileSync, writeFileSync } from 'node:fs';

/** One line of `parallax bench`. `ratio` is the figure over its limit's unit of comparison; a row without a limit only reports. */
export interface BenchRow {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
  /** Goal: `ratio` at or below it. */
  readonly limit?: number;
  /** What is compared, as a ratio of two measurements of one run. */
  readonly ratio?: number;
  /** Repetitions. */
  readonly n: number;
  /** Interquartile range of the figure over its median. */
  readonly spread: number;
}

const quantile = (sorted: readonly number[], q: number): number => {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
};

export interface Timing {
  /** Median in milliseconds. */
  readonly ms: number;
  readonly n: number;
  readonly spread: number;
}

export function timing(times: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const ms = quantile(sorted, 0.5);
  return { ms, n: sorted.length, spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / ms };
}

/** Times several jobs turn by turn, after one round that is not counted, so that the machine's moods hit all alike. */
export async function timeTogether<K extends string>(
  jobs: Readonly<Record<K, () => Promise<unknown>>>,
  rounds: number,
) {
  const names = Object.keys(jobs) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = -1; round < rounds; round += 1)
    for (const name of names) {
      const start = performance.now();
      await jobs[name]();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  return Object.fromEntries(names.map((name) => [name, timing(times[name])])) as Record<K, Timing>;
}

const MIB = 2 ** 20;

/** Peak memory of the process in MiB while `job` runs, and what it held before. Linux only; elsewhere the peak so far. */
export async function peakMemory(job: () => Promise<unknown>): Promise<{ peak: number; before: number }> {
  const before = process.memoryUsage.rss() / MIB;
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    await job();
    return { peak: process.resourceUsage().maxRSS / 1024, before };
  }
  await job();
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return { peak: Number(line?.[1] ?? 0) / 1024, before };
}
