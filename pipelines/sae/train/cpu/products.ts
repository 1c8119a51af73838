import { GraphBuilder } from '#graph/onnx/build.ts';
import { openSession } from '#graph/session.ts';
import { f32 } from '#graph/tensor.ts';

/** Rows, inner length and columns of a product. */
type Sizes = readonly [rows: number, inner: number, columns: number];

/** Matrix products by ONNX Runtime on arrays of the kernels' memory, nothing copied. `N` as it lies, `T` transposed. */
export interface Products {
  run(kind: 'NT' | 'NN' | 'TN', a: Float32Array, b: Float32Array, out: Float32Array, sizes: Sizes): Promise<void>;
  close(): Promise<void>;
}

const KINDS = ['NT', 'NN', 'TN'] as const;

export async function openProducts(options: { threads?: number }): Promise<Products> {
  const opened = await Promise.all(
    KINDS.map((kind) => {
      const g = new GraphBuilder();
      const a = g.input('a', 'float32', ['a0', 'a1']);
      const b = g.input('b', 'float32', ['b0', 'b1']);
      const attributes = { transA: Number(kind[0] === 'T'), transB: Number(kind[1] === 'T') };
      g.output(g.op('Gemm', [a, b], attributes), 'out', 'float32', ['rows', 'columns']);
      return openSession(g.toBytes(), options);
    }),
  );
  return {
    async run(kind, a, b, out, [rows, inner, columns]) {
      const shapeA = kind[0] === 'T' ? [inner, rows] : [rows, inner];
      const shapeB = kind[1] === 'T' ? [columns, inner] : [inner, columns];
      const inputs = { a: f32(a.subarray(0, rows * inner), shapeA), b: f32(b.subarray(0, inner * columns), shapeB) };
      const into = { out: f32(out.subarray(0, rows * columns), [rows, columns]) };
      await opened[KINDS.indexOf(kind)]!.run(inputs, ['out'], into);
    },
    async close() {
      for (const session of opened) await session.close();
    },
  };
}
