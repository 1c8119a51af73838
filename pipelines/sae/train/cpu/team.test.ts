import { expect, test } from 'vitest';
import { plantedActivations } from '../../testing/planted.ts';
import type { TrainConfig } from '../config.ts';
import { initial } from '../init.ts';
import { openTrainer } from '../trainer.ts';
import { inTurn, openBoard } from './board.ts';
import { shareOf } from './dense.ts';
import { blocksOf } from './memory.ts';
import { openProducts } from './products.ts';
import { openTeam } from './team.ts';
import { openWork } from './work.ts';

const [d, n] = [20, 1100];
const { x } = plantedActivations({ d, n: 30, active: 3, tokens: 3 * 77, seed: 2 });
const config: TrainConfig = {
  ...{ d, n, activation: 'jumprelu', k: 4, scale: 0.5, applyBDec: true, thresholdLr: 0.1 },
  loss: {
    l1: 0.01,
    l0: { coefficient: 0.5, target: 3, bandwidth: 0.2 },
    aux: { coefficient: 0.1, k: 7, deadAfter: 70 },
  },
  ...{ adam: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8 }, schedule: { warmup: 0, decay: 0, total: 3 } },
  decoder: { unitNorm: true, projectGradient: true },
};
const BATCHES = [
  [0, 77],
  [77, 79],
  [79, 211],
] as const;
const start = () => {
  const first = initial(config, x, 1, 'mean');
  return { ...first, sinceFired: first.sinceFired.map((_, i) => (i % 5 ? 0 : 100)) };
};

test.each(['jumprelu', 'relu', 'topk', 'batchtopk'] as const)(
  '%s: any number of threads gives the bytes of one',
  async (activation) => {
    const loss = activation === 'jumprelu' ? config.loss : { l1: 0.01, aux: config.loss.aux! };
    const train = async (threads: number) => {
      const trainer = await openTrainer({ ...config, activation, loss }, start(), { threads });
      const outcomes = [];
      // Batches that grow, and one too small for every thread to have a part.
      for (const [from, to] of BATCHES) outcomes.push(await trainer.step(x.subarray(from * d, to * d)));
      const state = trainer.state();
      await trainer.close();
      return { outcomes, state };
    };
    const one = await train(1);
    if (activation === 'jumprelu') expect(one.outcomes[0]!.l0).toBeGreaterThan(n / 16);
    for (const threads of [2, 3]) expect(await train(threads)).toEqual(one);
  },
);

test('after a dense step, one on which few features fire is that of a run taken up there', async () => {
  const relu: TrainConfig = { ...config, activation: 'relu', loss: {} };
  const first = start();
  const from = { ...first, params: { ...first.params, bEnc: first.params.bEnc!.map(() => -0.5) } };
  const loud = x.subarray(0, 77 * d).map((v) => 20 * v);
  const quiet = x.subarray(77 * d, 154 * d);
  const whole = await openTrainer(relu, from);
  expect((await whole.step(loud)).l0).toBeGreaterThan(n / 16);
  const resumed = await openTrainer(relu, whole.state());
  const [a, b] = [await whole.step(quiet), await resumed.step(quiet)];
  expect(b).toEqual(a);
  expect(a.l0).toBeLessThan(n / 16);
  expect(resumed.state()).toEqual(whole.state());
  for (const trainer of [whole, resumed]) await trainer.close();
});

test('parts and blocks: every token and every feature once, no token alone, no narrow block', () => {
  for (const tokens of [1, 17, 33, 77, 1000, 1024])
    for (const size of [1, 2, 3, 8]) {
      const parts = Array.from({ length: size }, (_, index) => shareOf(tokens, { index, size }));
      expect(parts.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
        Array.from({ length: tokens }, (_, t) => t),
      );
      if (tokens > 1) expect(parts.some(([from, to]) => to - from === 1)).toBe(false);
    }
  for (const count of [16, 512, 528, 1024, 4304, 8192]) {
    const blocks = blocksOf(77, count);
    expect(blocks[0]!.from).toBe(0);
    for (const [b, { from, length, offset }] of blocks.entries()) {
      expect(from + length).toBe(blocks[b + 1]?.from ?? count);
      expect(offset).toBe(77 * from);
      expect(length).toBeGreaterThanOrEqual(Math.min(count, 128));
    }
  }
});

test('a block waits until those before it had their turn, and not for a member that failed', () => {
  const board = openBoard(2);
  const order: number[] = [];
  for (const block of [0, 1, 2]) inTurn(board, block, () => order.push(block));
  expect(order).toEqual([0, 1, 2]);
  board.words[3] = 1;
  expect(() => inTurn(board, 5, () => order.push(5))).toThrow('another thread of this step failed');
  expect(order).toEqual([0, 1, 2]);
});

test('what fails on a thread fails the step, and the team still closes', async () => {
  const products = await openProducts();
  const work = openWork(config, 64);
  const figures = { tokens: 64, slope: 1, lr: 1, t: 1, aux: 0 };
  const refuse = { ...products, run: () => Promise.reject(new Error('no product here')) };
  const mine = await openTeam(work, refuse, 64, 2);
  await expect(mine.run('encode', figures)).rejects.toThrow('no product here');
  await mine.close();
  // 640 tokens in a memory for 64: the products of the other thread lie beyond it
  const theirs = await openTeam(work, { ...products, run: async () => {} }, 64, 2);
  await expect(theirs.run('decode', { ...figures, tokens: 640 })).rejects.toThrow('does not match');
  await theirs.close();
  await products.close();
});
