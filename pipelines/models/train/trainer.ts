import { openSession, type Session } from '#graph/session.ts';
import { f32, sizeOf, type Tensor } from '#graph/tensor.ts';
import type { Weights } from './init.ts';
import type { StepGraph } from './step.ts';

/** All that a training needs to go on: weights, both moments, and how many steps were taken. */
export interface TrainState {
  readonly step: number;
  readonly params: Weights;
  readonly m: Weights;
  readonly v: Weights;
}

/** A state before the first step. */
export function startState(params: Weights): TrainState {
  const zeros = () => Object.fromEntries(Object.entries(params).map(([name, w]) => [name, new Float32Array(w.length)]));
  return { step: 0, params, m: zeros(), v: zeros() };
}

export interface Trainer {
  /** Takes one step; gives the scalars that the graph computes on the way. */
  step(batch: Readonly<Record<string, Tensor>>, lr: number): Promise<Record<string, number>>;
  /** A copy of the state. */
  state(): TrainState;
  close(): Promise<void>;
}

const KINDS = { params: '', m: '.m', v: '.v' } as const;

/** Runs a step's graph again and again; the state stays in two sets of buffers, of which a step reads one and writes the other. */
export async function openTrainer(graph: StepGraph, start: TrainState, threads = 1): Promise<Trainer> {
  const session: Session = await openSession(graph.bytes, { threads });
  const tensors = (copy: (w: Float32Array) => Float32Array): Record<string, Tensor<'float32'>> =>
    Object.fromEntries(
      Object.entries(KINDS).flatMap(([kind, ending]) =>
        Object.entries(graph.table).map(([name, dims]) => [
          `${name}${ending}`,
          f32(copy(start[kind as keyof typeof KINDS][name]!), dims),
        ]),
      ),
    );
  let now = tensors((w) => Float32Array.from(w));
  let spare = tensors((w) => new Float32Array(w.length));
  let step = start.step;
  const figures = session.outputNames.filter((name) => !name.startsWith('next.'));
  return {
    async step(batch, lr) {
      const given: Record<string, Tensor> = { ...now, ...batch, lr: f32([lr], []), t: f32([step + 1], []) };
      const inputs = Object.fromEntries(session.inputNames.map((name) => [name, given[name]!]));
      const into = Object.fromEntries(Object.entries(spare).map(([name, tensor]) => [`next.${name}`, tensor]));
      const out = await session.run(inputs, [...figures, ...Object.keys(into)], into);
      [now, spare] = [spare, now];
      step += 1;
      return Object.fromEntries(figures.map((name) => [name, (out[name]!.data as Float32Array)[0]!]));
    },
    state() {
      const part = (ending: string): Weights =>
        Object.fromEntries(
          Object.entries(graph.table).map(([name, dims]) => [name, now[name + ending]!.data.slice(0, sizeOf(dims))]),
        ) as Weights;
      return { step, params: part(KINDS.params), m: part(KINDS.m), v: part(KINDS.v) };
    },
    close: () => session.close(),
  };
}
