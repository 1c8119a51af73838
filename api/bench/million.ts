import { caseRows } from './case-rows.ts';
import { readCases } from './cases.ts';
import { startWorker } from './harness.ts';
import { heldBy } from './memory.ts';
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
/** Requests of each kind after which memory is read. */
const HELD = 30;

/**
 * Look-up, batch, list and search in workerd over a release of a million features, made at the first run in some minutes, and the
 * memory that the app holds.
 */
export async function* benchMillion(options: MillionOptions = {}): AsyncIterable<BenchRow> {
  const { home = BENCH_HOME, layers = 100, features = 10_000, count = 60 } = options;
  const sizes = { layers, features, width: 16, heads: 16, pictures: 4, shardSize: 128, lean: true };
  const { folder, id, seconds } = await benchSite(home, `lean-${layers}x${features}`, sizes);
  if (seconds !== null)
    yield { name: `api.generation, ${layers * features} features`, figure: seconds, unit: 's', n: 1, spread: 0 };
  const { code, most } = await heldBy(folder, id, layers, features, HELD);
  const row = { unit: 'MB', limit: MOST, n: HELD * readCases(id, layers, features).length, spread: 0 };
  yield { name: 'api.memory, heap and buffers after a request, most', figure: most / 1e6, ...row };
  yield { name: 'api.memory, before the first request', figure: code / 1e6, ...row, n: 1 };
  const nothing = await startWorker('nothing', folder);
  const app = await startWorker('app', folder);
  try {
    // The goals of the cases are those of 100,000 features.
    for (const { name, shot } of readCases(id, layers, features))
      yield* caseRows({ name: `${layers * features} features, ${name}`, shot }, app.url, nothing.url, count);
  } finally {
    await app.close();
    await nothing.close();
  }
}
