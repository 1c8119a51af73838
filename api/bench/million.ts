import { caseRows } from './case-rows.ts';
import { readCases } from './cases.ts';
import { type Running, startWorker } from './harness.ts';
import { heldMemory, peakMemory, workerds } from './memory.ts';
import type { BenchRow } from './row.ts';
import { BENCH_HOME, benchSite } from './site.ts';

export interface MillionOptions {
  readonly home?: string;
  readonly layers?: number;
  readonly features?: number;
  /** Requests of each kind. */
  readonly count?: number;
}

/** An isolate may hold so much, MB. */
const MOST = 128;

/** A Worker, and the processes that run it. */
async function started(kind: 'app' | 'nothing', folder: string): Promise<[Running, number[]]> {
  const before = await workerds();
  const running = await startWorker(kind, folder);
  return [running, (await workerds()).filter((pid) => !before.includes(pid))];
}

/**
 * Look-up, batch, list and search in workerd over a release of a million features, made at the first run in some minutes, and the
 * memory that the whole process took for it beside one that does nothing.
 */
export async function* benchMillion(options: MillionOptions = {}): AsyncIterable<BenchRow> {
  const { home = BENCH_HOME, layers = 100, features = 10_000, count = 60 } = options;
  const sizes = { layers, features, width: 16, heads: 16, pictures: 4, shardSize: 128, lean: true };
  const { folder, id, seconds } = await benchSite(home, `lean-${layers}x${features}`, sizes);
  if (seconds !== null)
    yield { name: `api.generation, ${layers * features} features`, figure: seconds, unit: 's', n: 1, spread: 0 };
  const [nothing, idle] = await started('nothing', folder);
  const [app, busy] = await started('app', folder);
  try {
    for (const one of readCases(id, layers, features))
      yield* caseRows({ ...one, name: `${layers * features} features, ${one.name}` }, app.url, nothing.url, count);
    const sum = async (pids: readonly number[], of: (pid: number) => Promise<number>) =>
      (await Promise.all(pids.map(of))).reduce((total, one) => total + one, 0);
    const over = async (of: (pid: number) => Promise<number>) => (await sum(busy, of)) - (await sum(idle, of));
    if (busy.length === 0) return;
    const n = readCases(id, layers, features).length * count;
    const row = { unit: 'MB', limit: MOST, n, spread: 0 };
    yield { name: 'api.memory of the process over no-op, peak', figure: await over(peakMemory), ...row };
    yield { name: 'api.memory of the process over no-op, at the end', figure: await over(heldMemory), ...row };
  } finally {
    await app.close();
    await nothing.close();
  }
}
