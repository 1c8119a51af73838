import { GraphBuilder } from '#graph/onnx/build.ts';
import { openSession } from '#graph/session.ts';
import { f32 } from '#graph/tensor.ts';

/** Rows, inner length and columns of a product. */
type Sizes = readonly [rows: number, inner: number, columns: number];

/** `N` as it lies, `T` transposed; `less`: `out = start - a b`. */
const KINDS = { NT: [0, 1], NN: [0, 0], less: [0, 0] } as const;
type Kind = keyof typeof KINDS;

/** Matrix products by ONNX Runtime on arrays of the kernels' memory. The binding copies each output once more, so they are kept small. */
export interface Products {
  run(
    kind: Kind,
    a: Float32Array,
    b: Float32Array,
    out: Float32Array,
    sizes: Sizes,
    start?: Float32Array,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Each on the thread that asks: how many threads an engine has does not change how a product is rounded. */
export async function openProducts(): Promise<Products> {
  const open = (kind: Kind) => {
    const g = new GraphBuilder();
    const [transA, transB] = KINDS[kind];
    const operands = ['a', 'b', ...(kind === 'less' ? ['start'] : [])];
    const inputs = operands.map((name) => g.input(name, 'float32', [`${name}0`, `${name}1`]));
    g.output(g.op('Gemm', inputs, { transA, transB, alpha: { float: kind === 'less' ? -1 : 1 } }), 'out', 'float32', [
      'r',
      'c',
    ]);
    return openSession(g.toBytes());
  };
  const sessions = { NT: await open('NT'), NN: await open('NN'), less: await open('less') };
  return {
    async run(kind, a, b, out, [rows, inner, columns], start) {
      const [transA, transB] = KINDS[kind];
      const matrix = (data: Float32Array, m: number, n: number) => f32(data.subarray(0, m * n), [m, n]);
      const inputs = {
        a: transA ? matrix(a, inner, rows) : matrix(a, rows, inner),
        b: transB ? matrix(b, columns, inner) : matrix(b, inner, columns),
        ...(start ? { start: matrix(start, rows, columns) } : {}),
      };
      await sessions[kind].run(inputs, ['out'], { out: matrix(out, rows, columns) });
    },
    async close() {
      for (const session of Object.values(sessions)) await session.close();
    },
  };
}
