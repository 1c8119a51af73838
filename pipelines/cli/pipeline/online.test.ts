import { expect, test } from 'vitest';
import { modelPath } from '../../config/paths.ts';
import { PRESETS } from '../../config/presets.ts';
import { RunConfig } from '../../config/schema.ts';
import { pipelineOf } from './index.ts';

const { config } = PRESETS.stages;
const plan = async (storeLimit?: number) => {
  const sae = storeLimit === undefined ? {} : { storeLimit };
  return pipelineOf(RunConfig.parse({ ...config, layers: [1, 4], sae }));
};

test('a stream whose store would exceed the limit is not stored: its layers are trained together, straight from the model', async () => {
  const stages = await plan(0);
  const names = stages.map(({ name }) => name);
  expect(names.filter((name) => name.includes('/train/'))).toEqual([]);
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  expect(byName.get('sae/S/online')).toMatchObject({
    module: 'sae/online.stage.ts',
    inputs: {},
    settings: {
      layers: [1, 4],
      dataset: 'demo-text',
      slices: [
        [0, 800],
        [800, 1280],
      ],
      image: 'none',
    },
    files: { model: modelPath('fixtures/demo/base') },
  });
  expect(byName.get('sae/F/online')!.inputs).toEqual({ 'start/0': 'sae/S/L01', 'start/1': 'sae/S/L04' });
  expect(byName.get('sae/F/L04')).toMatchObject({ module: 'sae/pick.stage.ts', inputs: { all: 'sae/F/online' } });
  for (const { inputs } of stages) for (const name of Object.values(inputs)) expect(byName.has(name)).toBe(true);
});

test('the limit is one of each stream, by the length of its samples', async () => {
  const online = async (limit: number) =>
    (await plan(limit)).filter(({ module }) => module === 'sae/online.stage.ts').map(({ name }) => name);
  expect(await online(50e9)).toEqual([]);
  // 1,280 stories of some 70 tokens, two layers of 128 halves: 46 MB; 1,120 scenes of some 66: 38 MB; their words alone: 10 MB.
  expect(await online(41e6)).toEqual(['sae/S/online', 'sae/M/online']);
});
