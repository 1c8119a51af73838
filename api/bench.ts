import { readdir, rm } from 'node:fs/promises';
import { caseRows } from './bench/case-rows.ts';
import { probeCase, readCases } from './bench/cases.ts';
import { startWorker } from './bench/harness.ts';
import { throughput } from './bench/load.ts';
import type { BenchRow } from './bench/row.ts';
import { BENCH_HOME, benchSite } from './bench/site.ts';

export { benchMillion } from './bench/million.ts';
export type { BenchRow } from './bench/row.ts';

export interface BenchOptions {
  /** Folder that keeps the synthetic releases between runs. */
  readonly home?: string;
  readonly layers?: number;
  readonly features?: number;
  /** Requests of each kind. */
  readonly count?: number;
  /** Time of each load test, ms. */
  readonly load?: number;
}

const CONNECTIONS = 16;
/** A kept look-up may be so many times slower than nothing: 60 % of its requests a second. */
const SLOWER = 1 / 0.6;
const PROBE = {
  layers: 1,
  features: 16_384,
  width: 576,
  heads: 2,
  pictures: 1,
  examples: false,
  name: 'synthetic-probe',
} as const;

/**
 * The API in workerd over a synthetic release of 100,000 features (made at the first run), against a Worker that does nothing:
 * times by kind of request, and requests a second with 16 connections.
 */
export async function* benchApi(options: BenchOptions = {}): AsyncIterable<BenchRow> {
  const { home = BENCH_HOME, layers = 10, features = 10_000, count = 300, load = 4000 } = options;
  const sizes = { layers, features, width: 16, heads: 16, pictures: 4, lean: true };
  const read = await benchSite(home, `lean-${layers}x${features}`, sizes);
  if (read.seconds !== null)
    yield { name: `api.generation, ${layers * features} features`, figure: read.seconds, unit: 's', n: 1, spread: 0 };
  const probe = await benchSite(home, 'probe', PROBE);
  for (const name of await readdir(home)) if (name.endsWith('.tmp')) await rm(`${home}/${name}`, { recursive: true });
  const nothing = await startWorker('nothing', probe.folder);
  try {
    const app = await startWorker('app', read.folder);
    try {
      for (const one of readCases(read.id, layers, features)) yield* caseRows(one, app.url, nothing.url, count);
      const kept = () => ({ path: `/api/v1/r/${read.id}/features/L0F7` });
      const most = await throughput(nothing.url, () => ({ path: '/' }), CONNECTIONS, load);
      const got = await throughput(app.url, kept, CONNECTIONS, load);
      yield {
        name: `api.no-op, ${CONNECTIONS} connections`,
        figure: most.rate,
        unit: 'requests/s',
        n: most.n,
        spread: 0,
      };
      yield {
        name: `api.kept look-up, ${CONNECTIONS} connections`,
        figure: got.rate,
        unit: 'requests/s',
        limit: SLOWER,
        ratio: most.rate / got.rate,
        n: got.n,
        spread: 0,
      };
    } finally {
      await app.close();
    }
    const probing = await startWorker('app', probe.folder);
    try {
      yield* caseRows(probeCase(probe.id, PROBE.width), probing.url, nothing.url, count);
    } finally {
      await probing.close();
    }
  } finally {
    await nothing.close();
  }
}
