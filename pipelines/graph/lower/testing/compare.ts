import { opKey } from '../../grad/differentiate.ts';
import { type Attributes, GraphBuilder } from '../../onnx/build.ts';
import { EditableGraph } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/model.ts';
import { openSession } from '../../session.ts';
import { sizeOf, type Tensor } from '../../tensor.ts';
import { type AttentionParts, lower } from '../index.ts';

/** One fused node. Inputs that are `constant` become weights of the graph; absent ones are left out. */
export interface FusedCase {
  readonly op: string;
  readonly domain?: string;
  readonly attributes?: Attributes;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly constant?: readonly number[];
  /** Outputs that are compared, by number, with their rank. */
  readonly outputs?: readonly (number | undefined)[];
  readonly opset?: number;
  /** Whether input shapes are declared by size or by name. */
  readonly symbolic?: boolean;
  /** Whether an element of output 0 counts, by its batch and position; all do where absent. */
  readonly counts?: (batch: number, pos: number) => boolean;
}

const node = (test: FusedCase) => {
  const g = new GraphBuilder({ opset: test.opset ?? 21, domains: { 'com.microsoft': 1 } });
  const inputs = test.inputs.map((tensor, i) => {
    if (!tensor) return '';
    if (test.constant?.includes(i)) return g.constant(tensor, `x${i}`);
    const dims = tensor.dims.map((d, axis) => (test.symbolic && axis < tensor.dims.length - 1 ? `d${i}_${axis}` : d));
    return g.input(`x${i}`, tensor.type, dims);
  });
  const ranks = test.outputs ?? [3];
  const values = g.ops(test.op, inputs, test.attributes ?? {}, ranks.length, test.domain ?? '');
  ranks.forEach((rank, i) => {
    if (rank === undefined) g.nodes[0]!.output[i] = '';
    else
      g.output(
        values[i]!,
        `y${i}`,
        'float32',
        Array.from({ length: rank }, (_, axis) => `y${i}_${axis}`),
      );
  });
  return g.toBytes();
};

async function run(test: FusedCase, model: Uint8Array) {
  const session = await openSession(model);
  try {
    return await session.run(
      Object.fromEntries(session.inputNames.map((name) => [name, test.inputs[Number(name.slice(1))]!])),
    );
  } finally {
    await session.close();
  }
}

async function lowered(test: FusedCase) {
  const graph = new EditableGraph(await readModel(node(test)));
  const inside = lower(graph, () => true);
  return { graph, inside: [...inside.values()][0] as AttentionParts };
}

/** Outputs of the lowered graph alone. */
export const runLowered = async (test: FusedCase) => run(test, (await lowered(test)).graph.toBytes());

/** Outputs of the fused kernel and of the lowered graph, and the values inside a lowered attention. */
export async function bothWays(test: FusedCase) {
  const { graph, inside } = await lowered(test);
  const ops = [...graph.nodes].map(opKey);
  return { fused: await run(test, node(test)), lowered: await run(test, graph.toBytes()), ops, inside, graph };
}

/** Largest difference of the two ways, relative to the largest value. */
export async function loweringError(test: FusedCase): Promise<number> {
  const { fused, lowered } = await bothWays(test);
  let worst = 0;
  for (const [name, expected] of Object.entries(fused)) {
    const got = lowered[name]!;
    if (String(got.dims) !== String(expected.dims))
      throw new Error(`${name} has shape [${got.dims}] instead of [${expected.dims}]`);
    const [a, b] = [got.data as Float32Array, expected.data as Float32Array];
    const scale = b.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
    const width = expected.dims.at(-1) ?? 1;
    for (let i = 0; i < sizeOf(expected.dims); i += 1) {
      const row = Math.floor(i / width);
      const pos = expected.dims[1] ?? 1;
      if (name === 'y0' && test.counts && !test.counts(Math.floor(row / pos), row % pos)) continue;
      const error = Math.abs(a[i]! - b[i]!) / scale;
      worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
    }
  }
  return worst;
}
