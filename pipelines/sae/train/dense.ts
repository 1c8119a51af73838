import type { GraphBuilder } from '#graph/onnx/build.ts';
import { f32, i64 } from '#graph/tensor.ts';
import { BANDWIDTH, type TrainConfig } from './config.ts';

/** Values of a graph under construction, by name. */
export interface DenseInputs {
  readonly x: string;
  /** `sum |u - mean u|^2`, the denominator of FVU. */
  readonly spread: string;
  /** `wEnc [d,n]`, `bEnc [n]`, `wDecT [d,n]`, `bDec [d]`, `logThreshold [n]` */
  readonly p: Readonly<Record<string, string>>;
  /** BatchTopK: number of entries kept in the batch, int64 `[1]`. */
  readonly entries: string;
  /** Auxiliary loss: bool `[n]` and int64 `[1]`; absent in the graph without it. */
  readonly dead?: string;
  readonly auxK?: string;
}

export interface DenseOutputs {
  readonly loss: string;
  readonly fvu: string;
  readonly l0: string;
  readonly aux: string;
  /** `[n]`, tokens on which each feature fired. */
  readonly fired: string;
  /** `[1]`, the smallest positive activation. */
  readonly least: string;
  /** Gradient of each parameter, named and shaped as `p`. */
  readonly grads: Readonly<Record<string, string>>;
}

const LARGE = 3e38;

/** Short words for the operators below. */
function words(g: GraphBuilder) {
  const scalar = (v: number) => g.constant(f32([v], []));
  const axes = (...a: number[]) => g.constant(i64(a));
  return {
    scalar,
    add: (a: string, b: string) => g.op('Add', [a, b]),
    sub: (a: string, b: string) => g.op('Sub', [a, b]),
    mul: (a: string, b: string) => g.op('Mul', [a, b]),
    div: (a: string, b: string) => g.op('Div', [a, b]),
    times: (a: string, factor: number) => (factor === 1 ? a : g.op('Mul', [a, scalar(factor)])),
    /** `a b`, either one transposed. */
    dot: (a: string, b: string, transA = 0, transB = 0) => g.op('Gemm', [a, b], { transA, transB }),
    sum: (a: string, axis: number) => g.op('ReduceSum', [a, axes(axis)], { keepdims: 0 }),
    sumAll: (a: string) => g.op('ReduceSum', [a], { keepdims: 0 }),
    squares: (a: string) => g.op('ReduceSumSquare', [a], { keepdims: 0 }),
    float: (a: string) => g.op('Cast', [a], { to: 1 }),
    /** 1 where positive, as float. */
    positive: (a: string) => g.op('Cast', [g.op('Greater', [a, scalar(0)])], { to: 1 }),
    zerosLike: (a: string) => g.op('ConstantOfShape', [g.op('Shape', [a])]),
  };
}
type Words = ReturnType<typeof words>;

/** ReLU of the `k` largest along an axis, in place; 0 elsewhere. `k` is a value, int64 `[1]`. */
function keepLargest(g: GraphBuilder, w: Words, z: string, k: string, axis: number): string {
  const [values, indices] = g.ops('TopK', [z, k], { axis, sorted: 0 }, 2);
  return g.op('ScatterElements', [w.zerosLike(z), indices!, g.op('Relu', [values!])], { axis });
}

/** `f` from `z`, and where the gradient passes, by activation. */
type Forward = (g: GraphBuilder, w: Words, z: string, config: TrainConfig, inputs: DenseInputs) => string;

const FORWARD: Readonly<Record<TrainConfig['activation'], Forward>> = {
  relu: (g, _w, z) => g.op('Relu', [z]),
  topk: (g, w, z, { k }) => keepLargest(g, w, z, g.constant(i64([k!])), 1),
  batchtopk(g, w, z, _config, { entries }) {
    const flat = g.op('Reshape', [z, g.constant(i64([-1]))]);
    return g.op('Reshape', [keepLargest(g, w, flat, entries, 0), g.op('Shape', [z])]);
  },
  jumprelu(g, w, z, _config, { p }) {
    const above = w.float(g.op('Greater', [z, g.op('Exp', [p['logThreshold']!])]));
    return w.mul(g.op('Relu', [z]), above);
  },
};

/**
 * Forward and backward pass of one step as nodes of a dense graph: five matrix products, each over the whole `[T,n]`. The gradient is
 * written out by hand; formulas are those of `../golden/README.md`, kind `sae-train`.
 */
export function denseStep(g: GraphBuilder, config: TrainConfig, inputs: DenseInputs): DenseOutputs {
  const w = words(g);
  const { x, p, spread } = inputs;
  const { l1 = 0, l0: l0Loss, aux: auxLoss } = config.loss;
  const u = w.times(x, config.scale);
  const y = config.applyBDec ? w.sub(u, p['bDec']!) : u;
  const z = w.add(w.dot(y, p['wEnc']!), p['bEnc']!);
  const f = FORWARD[config.activation](g, w, z, config, inputs);
  const on = w.positive(f);
  const fired = w.sum(on, 0);
  const tokens = w.float(g.op('Gather', [g.op('Shape', [x]), g.constant(i64([0], []))], { axis: { int: 0 } }));
  const l0 = w.div(w.sumAll(fired), tokens);
  const e = w.sub(u, w.add(w.dot(f, p['wDecT']!, 0, 1), p['bDec']!));
  const fvu = w.div(w.squares(e), spread);

  const r = w.div(w.times(e, -2), spread);
  let loss = fvu;
  let df = w.dot(r, p['wDecT']!);
  let gDec = w.dot(r, f, 1);
  if (l1 > 0) {
    const norms = g.op('ReduceL2', [p['wDecT']!, g.constant(i64([0]))], { keepdims: 0 });
    const mass = w.div(w.times(w.sum(f, 0), l1), tokens);
    loss = w.add(loss, w.sumAll(w.mul(mass, norms)));
    df = w.add(df, w.div(w.times(norms, l1), tokens));
    const safe = g.op('Max', [norms, w.scalar(1e-30)]);
    gDec = w.add(gDec, w.mul(p['wDecT']!, w.div(mass, safe)));
  }
  let dz = w.mul(df, on);

  let aux = w.scalar(0);
  if (inputs.dead && inputs.auxK && auxLoss) {
    const candidates = g.op('Where', [inputs.dead, z, w.scalar(-LARGE)]);
    const h = keepLargest(g, w, candidates, inputs.auxK, 1);
    const left = w.sub(e, w.dot(h, p['wDecT']!, 0, 1));
    aux = w.div(w.squares(left), spread);
    loss = w.add(loss, w.times(aux, auxLoss.coefficient));
    const q = w.div(w.times(left, -2 * auxLoss.coefficient), spread);
    gDec = w.add(gDec, w.dot(q, h, 1));
    dz = w.add(dz, w.mul(w.dot(q, p['wDecT']!), w.positive(h)));
  }

  const gEncBias = w.sum(dz, 0);
  let gDecBias = w.sum(r, 0);
  if (config.applyBDec) {
    const column = g.op('Unsqueeze', [gEncBias, g.constant(i64([1]))]);
    gDecBias = w.sub(gDecBias, g.op('Squeeze', [w.dot(p['wEnc']!, column), g.constant(i64([1]))]));
  }
  const grads: Record<string, string> = { wEnc: w.dot(y, dz, 1), bEnc: gEncBias, wDecT: gDec, bDec: gDecBias };

  const miss = l0Loss ? w.sub(w.times(l0, 1 / l0Loss.target), w.scalar(1)) : undefined;
  if (l0Loss && miss) loss = w.add(loss, w.times(w.mul(miss, miss), l0Loss.coefficient));
  if (config.activation === 'jumprelu') {
    const bandwidth = l0Loss?.bandwidth ?? BANDWIDTH;
    const theta = g.op('Exp', [p['logThreshold']!]);
    const near = w.float(g.op('Less', [g.op('Abs', [w.sub(z, theta)]), w.scalar(bandwidth / 2)]));
    let slope = w.mul(theta, w.sum(w.mul(near, df), 0));
    if (l0Loss && miss) {
      const pull = w.div(w.times(miss, (2 * l0Loss.coefficient) / l0Loss.target), tokens);
      slope = w.add(slope, w.mul(w.sum(near, 0), pull));
    }
    grads['logThreshold'] = w.mul(w.times(slope, -1 / bandwidth), theta);
  }

  const candidates = g.op('Where', [g.op('Greater', [f, w.scalar(0)]), f, w.scalar(LARGE)]);
  const least = g.op('ReduceMin', [candidates], { keepdims: 0 });
  return { loss, fvu, l0, aux, fired, least, grads };
}
