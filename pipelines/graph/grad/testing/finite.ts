import { type Dim, GraphBuilder } from '../../onnx/build.ts';
import { openSession } from '../../session.ts';
import { Facts } from '../../shape/facts.ts';
import { f32, sizeOf, type Tensor } from '../../tensor.ts';
import { differentiate } from '../differentiate.ts';
import { builderSink, Tape } from '../tape.ts';

/** One operator, or a small chain of them, to be checked against finite differences. */
export interface GradCase {
  /** Float inputs, differentiated unless listed in `fixed`. */
  readonly inputs: readonly { readonly dims: readonly number[]; readonly data: readonly number[] }[];
  readonly fixed?: readonly number[];
  /** Writes the operator; gives the name of the value to differentiate. */
  readonly build: (g: GraphBuilder, inputs: readonly string[]) => string;
  /** Whether shapes are known while the gradient is written, or only at run time. */
  readonly symbolic: boolean;
  /** Leading dimension K of the cotangents; 0: none. */
  readonly lead: number;
  /**
   * The operator in float64, where the runtime has no such kernel for it (or for its gradient): the gradient graph is
   * then run in float32, and still held against differences in float64.
   */
  readonly reference?: (...inputs: (readonly number[])[]) => number[];
}

const STEP = 1e-5;
type Float = 'float32' | 'float64';
const tensor = (type: Float, data: readonly number[], dims: readonly number[]): Tensor<Float> =>
  type === 'float64' ? { type, dims, data: Float64Array.from(data) } : f32(data, dims);

/** Values that look random, without repeats at small steps; the same for the same seed. */
export const noise = (size: number, seed: number, scale = 1): number[] =>
  Array.from({ length: size }, (_, i) => scale * Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 0.9);

const anyDims = (rank: number, hint: string): Dim[] => Array.from({ length: rank }, (_, i) => `${hint}${i}`);

/** The operator alone, and beside it its gradient, as two sessions of float64. */
async function sessions(test: GradCase) {
  const type: Float = test.reference ? 'float32' : 'float64';
  const make = () => {
    const g = new GraphBuilder({ opset: 23, domains: { 'com.microsoft': 1 } });
    const names = test.inputs.map(({ dims }, i) =>
      g.input(
        `x${i}`,
        type,
        dims.map((d, axis) => (test.symbolic ? `d${i}_${axis}` : d)),
      ),
    );
    const y = test.build(g, names);
    const nodes = [...g.nodes];
    const facts = new Facts({ ...g, nodes });
    return { g, y, nodes, facts, names, rank: facts.shape(y)?.length ?? 0 };
  };
  const forward = make();
  forward.g.output(forward.y, 'y', type, anyDims(forward.rank, 'y'));
  const { g, y, nodes, facts, names, rank } = make();
  g.input('g', type, [...(test.lead ? ['K'] : []), ...anyDims(rank, 'g')]);
  facts.input(g.inputs.at(-1)!);
  const wrt = names.filter((_, i) => !test.fixed?.includes(i));
  const tape = new Tape(facts, builderSink(g));
  const options = { composites: true, ...(test.lead ? { lead: 'K' } : {}) };
  const grads = differentiate(tape, nodes, [{ value: y, cotangent: 'g' }], wrt, options);
  for (const [name, grad] of grads)
    g.output(
      grad,
      `grad.${name}`,
      type,
      anyDims(test.inputs[names.indexOf(name)]!.dims.length + (test.lead ? 1 : 0), name),
    );
  return { forward: await openSession(forward.g.toBytes()), backward: await openSession(g.toBytes()), wrt, type };
}

/**
 * Largest error of the gradient graph against central differences, in float64, relative to the largest difference
 * quotient (at least 1). The cotangent is noise, so that every element of the Jacobian counts.
 */
export async function gradientError(test: GradCase): Promise<number> {
  const { forward, backward, wrt, type } = await sessions(test);
  const feeds = (moved = -1, element = -1, by = 0) =>
    Object.fromEntries(
      test.inputs.map(({ dims, data }, i) => [
        `x${i}`,
        tensor(type, i === moved ? data.map((x, e) => (e === element ? x + by : x)) : data, dims),
      ]),
    );
  const values = async (moved: number, element: number, by: number): Promise<ArrayLike<number>> => {
    if (!test.reference) return (await forward.run(feeds(moved, element, by))).y!.data as Float64Array;
    const moving = (x: number, e: number) => (e === element ? x + by : x);
    return test.reference(...test.inputs.map(({ data }, i) => (i === moved ? data.map(moving) : data)));
  };
  try {
    const y = (await forward.run(feeds())).y!;
    const count = test.lead || 1;
    const cotangent = noise(count * y.data.length, 7);
    const got = await backward.run({
      ...feeds(),
      g: tensor(type, cotangent, [...(test.lead ? [count] : []), ...y.dims]),
    });
    let worst = 0;
    for (const name of wrt) {
      const at = Number(name.slice(1));
      const { dims } = test.inputs[at]!;
      const size = sizeOf(dims);
      const expected = new Float64Array(count * size);
      for (let e = 0; e < size; e += 1) {
        const up = await values(at, e, STEP);
        const down = await values(at, e, -STEP);
        for (let k = 0; k < count; k += 1)
          for (let o = 0; o < up.length; o += 1)
            expected[k * size + e]! += (cotangent[k * up.length + o]! * (up[o]! - down[o]!)) / (2 * STEP);
      }
      const grad = got[`grad.${name}`];
      if (grad && String(grad.dims) !== String([...(test.lead ? [count] : []), ...dims]))
        throw new Error(`the gradient of ${name} has shape [${grad.dims}]`);
      const scale = expected.reduce((a, x) => Math.max(a, Math.abs(x)), 1);
      for (let e = 0; e < expected.length; e += 1)
        worst = Math.max(worst, Math.abs(Number(grad?.data[e] ?? 0) - expected[e]!) / scale);
    }
    return worst;
  } finally {
    await forward.close();
    await backward.close();
  }
}
