import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import type { BenchRow } from '../../graph/bench/time.ts';

const DEMO_DECODER = join(PACKAGE_ROOT, 'fixtures/demo/tuned/onnx/decoder_model_merged.onnx');
const DEMO_BASE = join(PACKAGE_ROOT, 'fixtures/demo/base/onnx/model.onnx');

type Rows = (threads: number) => AsyncIterable<BenchRow>;

/** Parts of `graph`, by shape of the decoder. */
const GRAPH: Readonly<Record<string, Rows>> = {
  async *'graph-demo'(threads) {
    yield* (await import('../../graph/bench.ts')).benchDemo(DEMO_DECODER, { threads });
  },
  async *'graph-plain'(threads) {
    yield* (await import('../../graph/bench.ts')).benchPlain(DEMO_BASE, { threads });
  },
  async *'graph-peers'(threads) {
    yield* (await import('../../graph/bench.ts')).benchPeers({ threads });
  },
  async *'graph-smollm2'(threads) {
    yield* (await import('../../graph/bench.ts')).benchSmolLM2({ threads });
  },
  async *'graph-smollm2-batch'(threads) {
    yield* (await import('../../graph/bench.ts')).benchSmolLM2Batch({ threads });
  },
};

/** Left out where none is named: parts of another, and what makes a release of 3 GB. */
export const LONG: readonly string[] = [...Object.keys(GRAPH), 'api-million'];

/** Name of a benchmark -> its rows, measured as they are asked for. */
export const BENCHES: Readonly<Record<string, Rows>> = {
  async *graph(threads) {
    for (const part of Object.values(GRAPH)) yield* part(threads);
  },
  ...GRAPH,
  async *sae(threads) {
    const { benchSae } = await import('../../sae/bench.ts');
    yield* benchSae({ threads });
  },
  async *planted() {
    const [{ benchPlanted }, { recoverOptions }, { loadConfig }] = await Promise.all([
      import('../../heads/bench.ts'),
      import('../../spatial/planted.ts'),
      import('../../config/load.ts'),
    ]);
    const config = await loadConfig('demo');
    yield* benchPlanted((seed, layers) => recoverOptions(config, seed, layers));
  },
  async *api() {
    const { benchApi } = await import('../../../api/bench.ts');
    yield* benchApi();
  },
  async *'api-million'() {
    const { benchMillion } = await import('../../../api/bench.ts');
    yield* benchMillion();
  },
};
