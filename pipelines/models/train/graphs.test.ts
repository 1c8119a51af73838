import { describe, expect, test } from 'vitest';
import { openSession } from '#graph/session.ts';
import { f32, i64, type Tensor } from '#graph/tensor.ts';
import { random } from '../../data/random.ts';
import { answerGraph } from './answer-graphs.ts';
import { pictureStep, textStep } from './graphs.ts';
import { initialWeights, type Weights } from './init.ts';
import {
  type DecoderShape,
  decoderTable,
  type EncoderShape,
  encoderTable,
  labelTable,
  projectorTable,
} from './shapes.ts';
import type { StepGraph } from './step.ts';
import { encoderStep } from './vision-steps.ts';

const decoder: DecoderShape = {
  vocab: 11,
  d: 8,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  dHead: 4,
  hidden: 12,
  ropeTheta: 100,
  eps: 1e-6,
};
const encoder: EncoderShape = { d: 8, layers: 1, heads: 2, hidden: 12, image: 8, patch: 4, eps: 1e-6 };
const extent = { rows: 2, length: 9 };
const draws = random(3, 'graphs.test');
const ints = (n: number, to: number, dims = [n]) =>
  i64(
    Array.from({ length: n }, () => draws.int(0, to)),
    dims,
  );
const floats = (dims: number[]) =>
  f32(
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => draws.normal()),
    dims,
  );

const reading = (): Record<string, Tensor> => ({
  ids: ints(18, 10, [2, 9]),
  positions: i64([0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 1, 2], [2, 9]),
  document: i64([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2], [2, 9]),
  turn: i64([0, 0, 0, 0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0], [2, 9]),
  at: i64([5, 6, 8, 12, 16]),
  target: ints(5, 10),
  weight: f32([1, 0.5, 2, 1, 1]),
});

/** Opens a step's graph and runs it from zero moments: `m` after the step is `(1 - beta1)` times the gradient. */
async function runner(graph: StepGraph) {
  const session = await openSession(graph.bytes);
  return {
    close: () => session.close(),
    async run(weights: Weights, batch: Record<string, Tensor>) {
      const given: Record<string, Tensor> = { ...batch, lr: f32([0], []), t: f32([1], []) };
      for (const [name, dims] of Object.entries(graph.table)) {
        given[name] = f32(weights[name]!, dims);
        for (const kind of ['m', 'v']) given[`${name}.${kind}`] = f32(new Float32Array(weights[name]!.length), dims);
      }
      const out = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, given[name]!])));
      const gradient = (name: string) => (out[`next.${name}.m`]!.data as Float32Array).map((x) => x / 0.1);
      const grads = Object.fromEntries(Object.keys(graph.table).map((name) => [name, gradient(name)]));
      return { loss: (out['loss']!.data as Float32Array)[0]!, grads };
    },
  };
}

const options = { betas: [0.9, 0.98], eps: 1e-8, clip: 1e9 } as const;
const EPS = 1e-3;

/** Directional derivatives along random directions, one a parameter, against central differences. */
async function holds(graph: StepGraph, weights: Weights, batch: Record<string, Tensor>, names: readonly string[]) {
  const { run, close } = await runner(graph);
  const { grads } = await run(weights, batch);
  for (const name of names) {
    const along = weights[name]!.map(() => draws.normal());
    const moved = (sign: number) => ({ ...weights, [name]: weights[name]!.map((x, i) => x + sign * EPS * along[i]!) });
    const [up, down] = [await run(moved(1), batch), await run(moved(-1), batch)];
    const slope = along.reduce((sum, x, i) => sum + x * grads[name]![i]!, 0);
    const norm = Math.hypot(...grads[name]!);
    // differences of float32 losses near 3: some 1e-4 of the slope's doubt is rounding, the rest curvature
    const within = 3e-4 + 5e-3 * norm;
    expect(Math.abs(slope - (up.loss - down.loss) / (2 * EPS)), name).toBeLessThan(within);
  }
  await close();
}

const inner = (table: object) => Object.keys(table).filter((name) => !/layers\.[2-9]/.test(name));

describe('gradients of the training graphs agree with differences', () => {
  const table = decoderTable(decoder);
  const text = initialWeights(table, draws);

  test('of the language model, every parameter', () =>
    holds(textStep(decoder, extent, { table, rate: 1, decay: 0 }, options), text, reading(), inner(table)));

  test('of the vision-language model with guided heads, decoder and projector', async () => {
    const projector = projectorTable(encoder, decoder);
    const vision = {
      shape: encoder,
      table: encoderTable(encoder),
      weights: initialWeights(encoderTable(encoder), draws),
    };
    const groups = [
      { table, rate: 1, decay: 0 },
      { table: projector, rate: 1, decay: 0 },
    ];
    const look = f32(new Float32Array(2 * 9 * 4), [2, 9, 4]);
    look.data[4 * 6 + 1] = 1;
    look.data[4 * 8 + 2] = 1;
    const pixels = floats([2, 3, 8, 8]);
    const batch = {
      ...reading(),
      pixels,
      look,
      guide: f32([0], []),
      turn: i64(new Array(18).fill(0), [2, 9]),
      document: i64(new Array(18).fill(0), [2, 9]),
    };
    const weights = { ...text, ...initialWeights(projector, draws) };
    const graph = pictureStep(decoder, vision, extent, groups, options);
    await holds(graph, weights, batch, [
      ...inner(projector),
      'model.embed_tokens.weight',
      'model.layers.0.self_attn.q_proj.weight',
    ]);
    // with the guide on, the queries of the guided layer also follow its loss
    const { run, close } = await runner(graph);
    const guided = (await run(weights, { ...batch, guide: f32([1], []) })).grads;
    const free = (await run(weights, batch)).grads;
    await close();
    const query = 'model.layers.1.self_attn.q_proj.weight';
    expect(guided[query]!.some((x, i) => Math.abs(x - free[query]![i]!) > 1e-6)).toBe(true);
  });

  test('of the encoder by dense labels', () => {
    const all = { ...encoderTable(encoder), ...labelTable(encoder, { things: 3, grounds: 2 }) };
    const graph = encoderStep(encoder, 2, { table: all, rate: 1, decay: 0 }, options);
    const ones = f32(new Float32Array(8).fill(1));
    const batch = {
      pixels: floats([2, 3, 8, 8]),
      thing: ints(8, 3),
      size: ints(8, 2),
      ground: ints(8, 1),
      place: floats([8, 2]),
      all: ones,
      onThing: ones,
      balance: f32([1, 0.15, 1, 1, 0.15, 1, 1, 1]),
    };
    return holds(graph, initialWeights(all, draws), batch, inner(all));
  });
});

test('a turn sees the context and itself, not other turns, documents or what comes later', async () => {
  const table = decoderTable(decoder);
  const weights = initialWeights(table, draws);
  const session = await openSession(answerGraph(decoder, extent, table));
  const given = Object.fromEntries(Object.entries(table).map(([name, dims]) => [name, f32(weights[name]!, dims)]));
  const batch = reading();
  const logits = async (changed: number) => {
    const ids = BigInt64Array.from(batch['ids']!.data as BigInt64Array);
    if (changed >= 0) ids[changed] = (ids[changed]! + 1n) % 11n;
    const { weight: _, ...rest } = batch;
    const out = await session.run({ ...given, ...rest, ids: i64(ids, [2, 9]) }, ['logits']);
    return out['logits']!.data as Float32Array;
  };
  const plain = await logits(-1);
  /** Asked rows (positions 5, 6, 8, 12 and 16) that notice a change. */
  const noticed = async (changed: number) => {
    const other = await logits(changed);
    return [0, 1, 2, 3, 4].filter((n) => plain.some((x, i) => Math.floor(i / 11) === n && x !== other[i]));
  };
  expect(await noticed(0)).toEqual([0, 1, 2]);
  expect(await noticed(5)).toEqual([0, 1]);
  expect(await noticed(7)).toEqual([2]);
  expect(await noticed(10)).toEqual([3]);
  expect(await noticed(14)).toEqual([]);
  expect(await noticed(15)).toEqual([4]);
  await session.close();
});
