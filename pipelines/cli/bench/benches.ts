import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import type { BenchRow } from '../../graph/bench/time.ts';

const DEMO_DECODER = join(PACKAGE_ROOT, 'fixtures/demo/tuned/onnx/decoder_model_merged.onnx');

/** Left out where none is named: it makes a release of 3 GB. */
export const LONG: readonly string[] = ['api-million'];

/** Name of a benchmark -> its rows, measured as they are asked for. */
export const BENCHES: Readonly<Record<string, (threads: number) => AsyncIterable<BenchRow>>> = {
  async *graph(threads) {
    const { benchDemo, benchPeers, benchSmolLM2 } = await import('../../graph/bench.ts');
    yield* benchDemo(DEMO_DECODER, { threads });
    yield* benchPeers({ threads });
    yield* benchSmolLM2({ threads });
  },
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
