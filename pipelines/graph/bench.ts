import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchCase, type BenchOptions, metricOf, row, tokens, upTo } from './bench/case.ts';
import { patchRows, targetRows } from './bench/many.ts';
import { type DecoderShape, PEERS, SMOLLM2, writeRandomDecoder } from './bench/random-decoder.ts';
import { speedRows } from './bench/speed.ts';
import { type BenchRow, peakMemory, type Ratio, type Timing, timePair, timing } from './bench/time.ts';
import { openDecoder } from './decoder.ts';
import { GraphBuilder } from './onnx/build.ts';
import { EditableGraph } from './onnx/graph.ts';
import { readModel } from './onnx/model.ts';
import { openSession } from './session.ts';
import { zSite } from './site.ts';
import { f32 } from './tensor.ts';
import type { Decoder, HeadRef } from './types.ts';

export type { BenchCase, BenchOptions } from './bench/case.ts';
export type { BenchRow } from './bench/time.ts';

/** Multiply-adds, twice, of a product of two square matrices, and the product: what the machine gives at this moment. */
async function square(options: BenchOptions) {
  const size = 1024;
  const g = new GraphBuilder();
  const [a, b] = ['a', 'b'].map((name) => g.input(name, 'float32', [size, size]));
  g.output(g.op('MatMul', [a!, b!]), 'y', 'float32', [size, size]);
  const session = await openSession(g.toBytes(), options);
  const matrix = f32(new Float32Array(size * size).fill(0.5), [size, size]);
  return { flops: 2 * size ** 3, run: () => session.run({ a: matrix, b: matrix }), close: () => session.close() };
}

/** Multiply-adds of one forward pass, products with weights and of attention. */
function flops(shape: DecoderShape, batch: number, pos: number): number {
  const { layers, dModel, dMlp, heads, kvHeads, vocab } = shape;
  const attention = dModel * dModel * (2 + (2 * kvHeads) / heads) + 2 * pos * dModel;
  return 2 * batch * pos * (layers * (attention + 3 * dModel * dMlp) + dModel * vocab);
}

/** Reads and edits a model as one more tap does, without running it. */
async function editTime(test: BenchCase, options: BenchOptions): Promise<Timing> {
  const times: number[] = [];
  for (let i = 0; i < (options.rounds ?? 5); i += 1) {
    const start = performance.now();
    const graph = new EditableGraph(await readModel(test.path));
    const node = [...graph.nodes].find((n) => n.opType === 'MatMul')!;
    graph.cutAt([graph.addOutput(node.output[0]!, 'float32')]);
    graph.toBytes();
    times.push(performance.now() - start);
  }
  return timing(times);
}

type Jobs = Readonly<Record<'forward' | 'attribution' | 'targets' | 'patches', (decoder: Decoder) => Promise<unknown>>>;

/** Peak memory of each job over what the process held before, each with a decoder opened for it. */
async function* memoryRows(name: (what: string) => string, test: BenchCase, jobs: Jobs, options: BenchOptions) {
  let base: number | undefined;
  for (const [what, job] of Object.entries(jobs)) {
    const decoder = await openDecoder(test.path, options);
    const { peak, before } = await peakMemory(() => job(decoder));
    await decoder.close();
    const figure = peak - before;
    base ??= figure;
    yield { name: name(`peak memory, ${what}`), figure, unit: 'MiB', ratio: figure / base, n: 1, spread: 0 };
  }
}

/** The rows of one decoder, each ratio of measurements that took turns. */
export async function* benchDecoder(test: BenchCase, options: BenchOptions = {}): AsyncGenerator<BenchRow> {
  const decoder = await openDecoder(test.path, options);
  const [clean, corrupt] = [tokens(decoder, test, 1), tokens(decoder, test, 2)];
  const [one, many] = [metricOf(decoder, test, 1), metricOf(decoder, test, test.targets)];
  const chosen = upTo(test.layer + 1).flatMap((layer): HeadRef[] =>
    upTo(test.heads === 'all' ? decoder.anatomy.heads : 1).map((head) => ({ layer, head })),
  );
  const replacement = await decoder.run(corrupt, { taps: upTo(test.layer + 1).map(zSite) });
  const jobs: Jobs = {
    forward: (d) => d.run(clean, { taps: ['logits'] }),
    attribution: (d) => d.attribute(clean, corrupt, one, { sides: 'clean' }),
    targets: (d) => d.attribute(clean, corrupt, many, { sides: 'clean' }),
    patches: (d) => d.patchHeads(clean, one, chosen, replacement),
  };
  try {
    const name = (what: string) => `graph.${test.name}.${what}`;
    yield* memoryRows(name, test, jobs, options);
    yield* speedRows(name, decoder, test, options);
    yield* targetRows(name, decoder, test, options);
    yield* patchRows(name, decoder, test, chosen, options);
    yield row(name('graph edit'), await editTime(test, options));
  } finally {
    await decoder.close();
  }
}

/** The forward's rate beside the machine's rate at a plain matrix product. */
async function rateRow(test: BenchCase, shape: DecoderShape, options: BenchOptions): Promise<BenchRow> {
  const decoder = await openDecoder(test.path, options);
  const inputs = tokens(decoder, test, 1);
  const product = await square(options);
  try {
    const { job, ratio, cpu } = await timePair(
      () => decoder.run(inputs, { taps: ['logits'] }),
      product.run,
      options.pairs,
    );
    const work = flops(shape, test.batch, test.pos);
    /** Rates compare the other way round than times. */
    const rate = ({ ratio, interval: [low, high], n }: Ratio): Ratio => {
      const of = (times: number) => work / product.flops / times;
      return { ratio: of(ratio), interval: [of(high), of(low)], n };
    };
    const { ratio: against, interval } = rate(ratio);
    return {
      name: `graph.${test.name}.rate`,
      figure: work / job.ms / 1e6,
      unit: 'GFLOP/s',
      ratio: against,
      interval,
      cpu: rate(cpu),
      n: ratio.n,
      spread: job.spread,
    };
  } finally {
    await product.close();
    await decoder.close();
  }
}

/** What the demo's decoders, and one of their size, are measured on. */
const DEMO_CASE = { batch: 32, pos: 64, layer: 3, targets: 1, heads: 'all' } as const;

/** Rows of the demo decoder: a batch of 32 questions of 64 tokens. */
export async function* benchDemo(path: string, options: BenchOptions = {}): AsyncGenerator<BenchRow> {
  yield* benchDecoder({ ...DEMO_CASE, name: 'demo', path, targets: 64 }, options);
}

/** The same rows of passes on the demo's other form, plain operators as PyTorch exports them. */
export async function* benchPlain(path: string, options: BenchOptions = {}): AsyncGenerator<BenchRow> {
  yield* benchSpeed({ ...DEMO_CASE, name: 'demo, plain operators', path }, options);
}

/** A decoder of random weights in a temporary folder that is removed behind its rows. */
async function* withRandom(shape: DecoderShape, rows: (path: string) => AsyncGenerator<BenchRow>) {
  const folder = await mkdtemp(join(tmpdir(), 'parallax-bench-'));
  try {
    yield* rows(await writeRandomDecoder(folder, shape));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The rows that the peers' scripts measure too, of a decoder opened for them. */
async function* benchSpeed(test: BenchCase, options: BenchOptions): AsyncGenerator<BenchRow> {
  const decoder = await openDecoder(test.path, options);
  try {
    yield* speedRows((what) => `graph.${test.name}.${what}`, decoder, test, options);
  } finally {
    await decoder.close();
  }
}

/** Rows of the small decoder of the peers' scripts (heads of 16, where the demo's have 32). */
export async function* benchPeers(options: BenchOptions = {}): AsyncGenerator<BenchRow> {
  yield* withRandom(PEERS, (path) => benchSpeed({ ...DEMO_CASE, name: 'peers', path }, options));
}

const SMOLLM2_CASE = {
  name: 'smollm2',
  batch: 1,
  pos: 128,
  layer: 15,
  targets: 64,
  heads: 'one a layer',
  wholeLimit: 1.7,
} as const;

/** Rows of a decoder of SmolLM2-135M's shape with random weights. */
export async function* benchSmolLM2(options: BenchOptions = {}): AsyncGenerator<BenchRow> {
  yield* withRandom(SMOLLM2, async function* (path) {
    const test: BenchCase = { ...SMOLLM2_CASE, path };
    yield* benchDecoder(test, options);
    yield await rateRow(test, SMOLLM2, options);
  });
}

/** The same decoder on four sequences, as the peers' scripts time it. */
export async function* benchSmolLM2Batch(options: BenchOptions = {}): AsyncGenerator<BenchRow> {
  yield* withRandom(SMOLLM2, (path) =>
    benchSpeed({ ...SMOLLM2_CASE, path, name: 'smollm2, batch 4', batch: 4 }, options),
  );
}
