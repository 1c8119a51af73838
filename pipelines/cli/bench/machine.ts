import { arch, cpus, platform, totalmem } from 'node:os';
import { type BenchRow, timing } from '../../graph/bench/time.ts';
import { GraphBuilder } from '../../graph/onnx/build.ts';
import { openSession } from '../../graph/session.ts';
import { f32 } from '../../graph/tensor.ts';

/** What a figure was measured on. */
export function machineName(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${first?.model.trim() ?? arch()}, ${cpus().length} cores, ${memory} GiB, ${platform()}, Node ${process.versions.node}`;
}

const SIZE = 1024;
const ROUNDS = 7;

/** The machine's rate at a plain product of two matrices on `threads` threads: what other figures are held against. */
export async function matmulRow(threads: number): Promise<BenchRow> {
  const g = new GraphBuilder();
  const [a, b] = ['a', 'b'].map((name) => g.input(name, 'float32', [SIZE, SIZE]));
  g.output(g.op('MatMul', [a!, b!]), 'y', 'float32', [SIZE, SIZE]);
  const session = await openSession(g.toBytes(), { threads });
  const matrix = f32(new Float32Array(SIZE * SIZE).fill(0.5), [SIZE, SIZE]);
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const began = performance.now();
    await session.run({ a: matrix, b: matrix });
    // The first one also warms up.
    if (round > 0) times.push(performance.now() - began);
  }
  await session.close();
  const { ms, n, spread } = timing(times);
  return { name: `machine.matmul, threads ${threads}`, figure: (2 * SIZE ** 3) / ms / 1e6, unit: 'GFLOP/s', n, spread };
}
