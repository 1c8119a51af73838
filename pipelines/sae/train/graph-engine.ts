import { GraphBuilder } from '#graph/onnx/build.ts';
import { openSession, type Session } from '#graph/session.ts';
import { bool, f32, i64, sizeOf, type Tensor } from '#graph/tensor.ts';
import type { Device } from '#graph/types.ts';
import { transpose } from '../formats/weights.ts';
import type { TrainConfig } from './config.ts';
import { type DenseOutputs, denseStep } from './dense.ts';
import type { StepEngine, StepOutcome } from './engine.ts';
import { type Parameters, shapes, type TrainState } from './state.ts';

const STATISTICS = ['loss', 'fvu', 'l0', 'aux', 'fired', 'least'] as const;

/** Shapes as the graph holds them: the decoder as `wDecT [d,n]`, so that only small operands are transposed. */
function graphShapes(config: TrainConfig): Record<string, number[]> {
  const { wDec: _, ...rest } = shapes(config);
  return { ...rest, wDecT: [config.d, config.n] };
}

/** Adam with bias correction, then the unit norm of decoder rows, where asked for. */
function update(g: GraphBuilder, config: TrainConfig, outputs: DenseOutputs): void {
  const { betas, eps } = config.adam;
  const { unitNorm, projectGradient } = config.decoder;
  const scalar = (v: number) => g.constant(f32([v], []));
  const mul = (a: string, b: string) => g.op('Mul', [a, b]);
  const add = (a: string, b: string) => g.op('Add', [a, b]);
  const axis = g.constant(i64([0]));
  const [rate, c1, c2] = ['rate', 'c1', 'c2'].map((name) => g.input(name, 'float32', []));
  for (const [name, dims] of Object.entries(graphShapes(config))) {
    let grad = outputs.grads[name]!;
    if (name === 'wDecT' && projectGradient)
      grad = g.op('Sub', [grad, mul(name, g.op('ReduceSum', [mul(grad, name), axis], { keepdims: 1 }))]);
    const [m, v] = ['m', 'v'].map((kind) => g.input(`${kind}.${name}`, 'float32', dims));
    const m2 = add(mul(m!, scalar(betas[0])), mul(grad, scalar(1 - betas[0])));
    const v2 = add(mul(v!, scalar(betas[1])), mul(mul(grad, grad), scalar(1 - betas[1])));
    const root = add(g.op('Sqrt', [mul(v2, c2!)]), scalar(eps));
    let next = g.op('Sub', [name, g.op('Div', [mul(m2, mul(rate!, c1!)), root])]);
    if (name === 'wDecT' && unitNorm) next = g.op('Div', [next, g.op('ReduceL2', [next, axis], { keepdims: 1 })]);
    g.output(m2, `next.m.${name}`, 'float32', dims);
    g.output(v2, `next.v.${name}`, 'float32', dims);
    g.output(next, `next.${name}`, 'float32', dims);
  }
}

function build(config: TrainConfig, withAux: boolean): Uint8Array {
  const g = new GraphBuilder();
  const { d, n } = config;
  const p = Object.fromEntries(
    Object.entries(graphShapes(config)).map(([name, dims]) => [name, g.input(name, 'float32', dims)]),
  );
  const inputs = {
    x: g.input('x', 'float32', ['tokens', d]),
    spread: g.input('spread', 'float32', []),
    p,
    entries: config.activation === 'batchtopk' ? g.input('entries', 'int64', [1]) : '',
    ...(withAux ? { dead: g.input('dead', 'bool', [n]), auxK: g.input('auxK', 'int64', [1]) } : {}),
  };
  const outputs = denseStep(g, config, inputs);
  for (const name of STATISTICS) g.output(outputs[name], name, 'float32', name === 'fired' ? [n] : []);
  update(g, config, outputs);
  return g.toBytes();
}

/** The decoder's layout in a state `[n,d]` and in the graph `[d,n]`. */
const turned = ({ wDec, ...rest }: Parameters, { d, n }: TrainConfig) => ({ ...rest, wDecT: transpose(wDec!, n, d) });

/** Trains by one dense ONNX graph a step, on any device and for every kind. */
export async function graphEngine(
  config: TrainConfig,
  start: TrainState,
  options: { device?: Device; threads?: number } = {},
): Promise<StepEngine> {
  const { d, n, activation, k, adam, loss } = config;
  const all = graphShapes(config);
  /** Two sets of buffers: a step reads one and writes the other. */
  const named: Record<string, Float32Array> = {};
  for (const [prefix, values] of [
    ['', start.params],
    ['m.', start.m],
    ['v.', start.v],
  ] as const)
    for (const [name, data] of Object.entries(turned(values, config))) named[prefix + name] = Float32Array.from(data!);
  const wrap = (source: Record<string, Float32Array>): Record<string, Tensor<'float32'>> =>
    Object.fromEntries(
      Object.entries(source).map(([name, data]) => [name, f32(data, all[name.replace(/^[mv]\./, '')]!)]),
    );
  let now = wrap(named);
  let spare = wrap(
    Object.fromEntries(Object.entries(named).map(([name, data]) => [name, new Float32Array(data.length)])),
  );
  const sessions = new Map<boolean, Session>();
  async function session(withAux: boolean): Promise<Session> {
    const opened = sessions.get(withAux) ?? (await openSession(build(config, withAux), options));
    sessions.set(withAux, opened);
    return opened;
  }

  return {
    async step(x, { lr, t, spread, dead }): Promise<StepOutcome> {
      const tokens = x.length / d;
      const inputs: Record<string, Tensor> = {
        ...now,
        x: f32(x, [tokens, d]),
        spread: f32([spread], []),
        rate: f32([lr], []),
        c1: f32([1 / (1 - adam.betas[0] ** t)], []),
        c2: f32([1 / (1 - adam.betas[1] ** t)], []),
      };
      if (activation === 'batchtopk') inputs['entries'] = i64([Math.min(tokens * n, Math.floor(k! * tokens))]);
      if (dead) {
        inputs['dead'] = bool(dead);
        inputs['auxK'] = i64([
          Math.min(
            loss.aux!.k,
            dead.reduce((a, b) => a + b, 0),
          ),
        ]);
      }
      const into = Object.fromEntries(Object.entries(spare).map(([name, tensor]) => [`next.${name}`, tensor]));
      const out = await (await session(dead !== undefined)).run(inputs, [...STATISTICS, ...Object.keys(into)], into);
      [now, spare] = [spare, now];
      const one = (name: string) => (out[name]!.data as Float32Array)[0]!;
      const least = one('least');
      return {
        loss: one('loss'),
        fvu: one('fvu'),
        l0: one('l0'),
        aux: one('aux'),
        fired: Uint8Array.from(out['fired']!.data as Float32Array, (count) => Number(count > 0)),
        least: least < 1e38 ? least : Number.POSITIVE_INFINITY,
      };
    },
    read() {
      const part = (prefix: string): Parameters =>
        Object.fromEntries(
          Object.keys(all).map((name) => {
            const data = now[prefix + name]!.data.slice(0, sizeOf(all[name]!));
            return name === 'wDecT' ? ['wDec', transpose(data, d, n)] : [name, data];
          }),
        );
      return { params: part(''), m: part('m.'), v: part('v.') };
    },
    async close() {
      for (const opened of sessions.values()) await opened.close();
    },
  };
}
