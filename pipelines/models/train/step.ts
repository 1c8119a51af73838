import type { GraphBuilder } from '#graph/onnx/build.ts';
import { adam } from '#graph/optim.ts';
import { gradients } from '#graph/train.ts';
import { kit } from './kit.ts';
import type { ParameterTable } from './shapes.ts';

/** Parameters that move by one rate. */
export interface Group {
  readonly table: ParameterTable;
  /** Factor of the step's learning rate. */
  readonly rate: number;
  readonly decay: number;
}

export interface StepOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Largest global norm of the gradient. */
  readonly clip: number;
}

/** A step's graph and the parameters that it moves. */
export interface StepGraph {
  readonly bytes: Uint8Array;
  readonly table: ParameterTable;
}

/** Vectors (norms, biases) do not shrink; matrices do. */
const decays = (dims: readonly number[]) => dims.length > 1;

/**
 * Adds backward pass, clipping by the global norm and AdamW to a graph whose parameters are inputs under their own names (declared
 * by `declare`). Inputs: `<p>.m`, `<p>.v`, `lr`, `t` (the step, from 1). Outputs: `next.<p>`, `next.<p>.m`, `next.<p>.v`, `norm`.
 */
export function optimiserStep(g: GraphBuilder, loss: string, groups: readonly Group[], options: StepOptions): void {
  const k = kit(g);
  const names = groups.flatMap(({ table }) => Object.keys(table));
  const grads = gradients(g, loss, names);
  const squares = names.map((name) => g.op('ReduceSumSquare', [grads[name]!], { keepdims: 0 }));
  const norm = g.op('Sqrt', [g.op('Sum', squares)]);
  const factor = g.op('Min', [k.scalar(1), k.div(k.scalar(options.clip), k.add(norm, k.scalar(1e-6)))]);
  const [lr, step] = ['lr', 't'].map((name) => g.input(name, 'float32', [])) as [string, string];
  for (const { table, rate, decay } of groups) {
    const own = rate === 1 ? lr : k.times(lr, rate);
    for (const shrinks of [true, false]) {
      const some = Object.entries(table).filter(([, dims]) => decays(dims) === shrinks);
      if (some.length === 0) continue;
      const { betas, eps } = options;
      const update = adam(g, { lr: own, step }, { betas, eps, weightDecay: shrinks ? decay : 0 });
      for (const [name, dims] of some) {
        const [m, v] = ['m', 'v'].map((kind) => g.input(`${name}.${kind}`, 'float32', dims)) as [string, string];
        const next = update({ value: name, grad: k.mul(grads[name]!, factor), m, v });
        g.output(next.value, `next.${name}`, 'float32', dims);
        g.output(next.m, `next.${name}.m`, 'float32', dims);
        g.output(next.v, `next.${name}.v`, 'float32', dims);
      }
    }
  }
  g.output(norm, 'norm', 'float32', []);
}

/** Declares the parameters of a table as inputs; their names are their values. */
export function declare(g: GraphBuilder, table: ParameterTable): Record<string, string> {
  return Object.fromEntries(Object.entries(table).map(([name, dims]) => [name, g.input(name, 'float32', dims)]));
}

/** Outputs that are one number each, by name. */
export const scalars = (g: GraphBuilder, values: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries(values)) g.output(value, name, 'float32', []);
};
