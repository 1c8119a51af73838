import type { Json, Stage } from '../../pipelines/config/stage.ts';

const module = new URL('./toy.stage.ts', import.meta.url).href;

/** One toy stage. */
export const toy = (name: string, inputs: Record<string, string> = {}, more: Record<string, Json> = {}): Stage => ({
  name,
  version: 1,
  settings: { seed: 7, steps: 20, ...more },
  inputs,
  files: {},
  module,
});

/** Eight stages in the shape of a small run: two harvests, four trainings, a comparison, a join. */
export const toyPlan = (more: Record<string, Json> = {}): Stage[] => [
  toy('harvest/a', {}, { seed: 1 }),
  toy('harvest/b', {}, { seed: 2 }),
  toy('train/S', { data: 'harvest/a' }, { seed: 3 }),
  toy('train/D', { data: 'harvest/b', from: 'train/S' }, { seed: 4 }),
  toy('train/M', { data: 'harvest/a', from: 'train/S' }, { seed: 5 }),
  toy('train/F', { data: 'harvest/b', from: 'train/S' }, { seed: 6 }),
  toy('diff', { d: 'train/D', m: 'train/M', f: 'train/F' }),
  toy('join', { diff: 'diff', data: 'harvest/a' }, more),
];
