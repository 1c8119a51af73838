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
  /** 95 % interval of the ratio, where it is the median of pairs. */
  readonly interval?: readonly [number, number];
  /** The same ratio of processor times, which other programs on the machine move little. */
  readonly cpu?: Ratio;
  /** Repetitions; of a ratio with an interval the pairs. */
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

/** A median of ratios. */
export interface Ratio {
  readonly ratio: number;
  readonly interval: readonly [number, number];
  readonly n: number;
}

/**
 * Median with its 95 % interval, which asks nothing of the distribution: the order statistics outside of which a fair coin's count
 * falls in less than 2.5 % on each side (Conover 1999, section 3.2). Of fewer than six values the whole range.
 */
export function medianRatio(values: readonly number[]): Ratio {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let [outside, term, below] = [0, 0.5 ** n, 0];
  // term is P(count = below)
  while (outside + term <= 0.025) {
    outside += term;
    term *= (n - below) / (below + 1);
    below += 1;
  }
  const low = Math.max(0, below - 1);
  return { ratio: quantile(sorted, 0.5), interval: [sorted[low]!, sorted[n - 1 - low]!], n };
}

export interface PairOptions {
  /** Time that the pairs take, about. */
  readonly seconds?: number;
  readonly least?: number;
  readonly most?: number;
}

export interface Pair {
  readonly job: Timing;
  readonly base: Timing;
  readonly ratio: Ratio;
  readonly cpu: Ratio;
}

/** What a job took in milliseconds: of the clock, and of all threads of the process. */
export interface Cost {
  readonly ms: number;
  readonly cpu: number;
}

export async function costOf(job: () => Promise<unknown>): Promise<Cost> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  await job();
  const { user, system } = process.cpuUsage(used);
  return { ms: performance.now() - start, cpu: (user + system) / 1000 };
}

/**
 * Times a job against another in turns: base, job, base, job, ..., base, after two rounds that are not counted. A ratio is the job's
 * time over the mean of its two neighbours', so that what slows the machine for a while slows both alike.
 */
export async function timePair(
  job: () => Promise<unknown>,
  base: () => Promise<unknown>,
  { seconds = 6, least = 11, most = 101 }: PairOptions = {},
): Promise<Pair> {
  for (const warm of [base, job, base]) await warm();
  const one = (await costOf(job)).ms + (await costOf(base)).ms;
  const rounds = Math.min(most, Math.max(least, Math.round((1000 * seconds) / one)));
  const [jobs, bases]: [Cost[], Cost[]] = [[], [await costOf(base)]];
  for (let round = 0; round < rounds; round += 1) {
    jobs.push(await costOf(job));
    bases.push(await costOf(base));
  }
  const against = (of: keyof Cost) =>
    medianRatio(jobs.map((cost, i) => (2 * cost[of]) / (bases[i]![of] + bases[i + 1]![of])));
  const times = (costs: readonly Cost[]) => timing(costs.map(({ ms }) => ms));
  return { job: times(jobs), base: times(bases), ratio: against('ms'), cpu: against('cpu') };
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
