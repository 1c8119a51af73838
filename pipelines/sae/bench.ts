import { type BenchRow, peakMemory, timeTogether } from '#graph/bench/time.ts';
import { GraphBuilder } from '#graph/onnx/build.ts';
import { openSession } from '#graph/session.ts';
import { f32 } from '#graph/tensor.ts';
import { plantedActivations } from './testing/planted.ts';
import type { TrainConfig } from './train/config.ts';
import { initial } from './train/init.ts';
import type { TrainState } from './train/state.ts';
import { openTrainer } from './train/trainer.ts';

/**
 * The size that SAELens 6.54 was measured at, and the demo's. `sparse`, `dense`: goals, as step time over the time of the products at
 * the machine's rate. SAELens took 471 and 19.9 ms where six products take 453 and 12.6 ms (128 GFLOP/s): the goal is half of the one,
 * and the other; where all products are needed, 85 % of the machine's rate, and again SAELens' time.
 */
const SHAPES = [
  { d: 576, n: 8192, batch: 1024, k: 32, rounds: 24, sparse: 0.52, dense: 1 / 0.85 },
  { d: 128, n: 1024, batch: 1024, k: 16, rounds: 40, sparse: 1.58, dense: 1.85 },
] as const;
type BenchShape = (typeof SHAPES)[number];

/** Products of `B d n`: encoder, decoder and three on the way back; an automatic gradient computes one more. */
const PRODUCTS = { dense: 5, sparse: 6 } as const;

/** What a kind is compared with, and JumpReLU's threshold in standard deviations of the pre-activations. */
interface Kind {
  readonly activation: TrainConfig['activation'];
  readonly against: keyof typeof PRODUCTS;
  readonly threshold?: number;
}
const KINDS: Readonly<Record<string, Kind>> = {
  topk: { activation: 'topk', against: 'sparse' },
  batchtopk: { activation: 'batchtopk', against: 'sparse' },
  'jumprelu, half fire': { activation: 'jumprelu', against: 'dense', threshold: 0 },
  'jumprelu, few fire': { activation: 'jumprelu', against: 'sparse', threshold: 2.7 },
};

const MATMUL = 2048;

/** Steps before the clock: a run takes thousands, of which the first ten are slower while code is compiled and memory grows. */
const WARM = 10;

/** A square product, by which the machine's rate is known. */
async function openMatmul(threads: number) {
  const g = new GraphBuilder();
  const [a, b] = ['a', 'b'].map((name) => g.input(name, 'float32', [MATMUL, MATMUL]));
  g.output(g.op('MatMul', [a!, b!]), 'c', 'float32', [MATMUL, MATMUL]);
  const session = await openSession(g.toBytes(), { threads });
  const square = () =>
    f32(
      Float32Array.from({ length: MATMUL ** 2 }, (_, i) => Math.sin(i)),
      [MATMUL, MATMUL],
    );
  const [x, y, z] = [square(), square(), square()];
  return { run: () => session.run({ a: x, b: y }, ['c'], { c: z }), close: session.close };
}

const configOf = ({ d, n, k }: BenchShape, { activation }: Kind): TrainConfig => ({
  ...{ d, n, activation, k, scale: 1, applyBDec: true, thresholdLr: 0.01 },
  loss: activation === 'jumprelu' ? { l0: { coefficient: 1, target: k, bandwidth: 0.1 } } : {},
  adam: { lr: 1e-4, betas: [0.9, 0.999], eps: 1e-8 },
  schedule: { warmup: 0, decay: 0, total: 0 },
  decoder: { unitNorm: true, projectGradient: true },
});

/** A first state; JumpReLU's thresholds at the given number of standard deviations of `y wEnc`, whose columns have unit norm. */
function startOf(config: TrainConfig, kind: Kind, x: Float32Array): TrainState {
  const state = initial(config, x, 0, 'mean');
  if (kind.threshold === undefined) return state;
  const squares = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  const theta = Math.max(1e-3, kind.threshold * Math.sqrt(squares));
  return { ...state, params: { ...state.params, logThreshold: new Float32Array(config.n).fill(Math.log(theta)) } };
}

/** Training throughput by shape and kind, on one thread as in a run; the square product and the step are timed turn by turn. */
export async function* benchSae(options: { readonly threads?: number } = {}): AsyncGenerator<BenchRow> {
  const threads = options.threads ?? 1;
  const matmul = await openMatmul(threads);
  for (const shape of SHAPES) {
    const { d, n, batch, rounds } = shape;
    const { x } = plantedActivations({ d, n, active: 8, tokens: batch, seed: 0 });
    for (const [name, kind] of Object.entries(KINDS)) {
      const config = configOf(shape, kind);
      const trainer = await openTrainer(config, startOf(config, kind, x), { threads, batch });
      const memory = await peakMemory(() => trainer.step(x));
      for (let step = 0; step < WARM; step += 1) await trainer.step(x);
      const { step, square } = await timeTogether({ step: () => trainer.step(x), square: () => matmul.run() }, rounds);
      await trainer.close();
      const title = `sae/${name} d=${d} n=${n} B=${batch}`;
      const flop = 2 * batch * d * n;
      const rate = (2 * MATMUL ** 3) / square.ms / 1e6;
      const products = PRODUCTS[kind.against];
      const ideal = (products * flop) / rate / 1e6;
      const figure = (1000 * batch) / step.ms;
      const { n: count, spread } = step;
      yield {
        name: title,
        figure,
        unit: 'vectors/s',
        limit: shape[kind.against],
        ratio: step.ms / ideal,
        n: count,
        spread,
      };
      const gflops = (products * flop) / step.ms / 1e6;
      yield { name: `${title}: as ${products} products`, figure: gflops, unit: 'GFLOP/s', n: count, spread };
      yield { name: `${title}: matmul ${MATMUL}`, figure: rate, unit: 'GFLOP/s', n: square.n, spread: square.spread };
      yield { name: `${title}: peak memory`, figure: memory.peak, unit: 'MiB', n: 1, spread: 0 };
    }
  }
  await matmul.close();
}
