import { expect, test } from 'vitest';
import { fsRegistry } from '#release/registry-fs.ts';
import { GOLDEN } from '../../test/releases.ts';
import { createApp } from '../app.ts';
import { createClient } from './client.ts';
import { mostTurned } from './example.ts';

const app = createApp({ releases: fsRegistry([GOLDEN]) });
const fetcher = ((input: string, init: RequestInit) => app.request(input, init)) as typeof fetch;
const { v1 } = createClient('http://atlas.test', fetcher).api;

test('the typed client finds a feature, reads it and its examples', async () => {
  const listed = await v1.releases.$get({ query: {} });
  if (listed.status !== 200) throw new Error(`releases: ${listed.status}`);
  const { releases } = await listed.json();
  const release = releases[0]!.id;
  const found = await v1.r[':release'].search.$get({ param: { release }, query: { words: 'lef*', limit: '1' } });
  if (found.status !== 200) throw new Error(`search: ${found.status}`);
  const { rows } = await found.json();
  const id = rows[0]!.id;
  const got = await v1.r[':release'].features[':id'].$get({ param: { release, id }, query: {} });
  if (got.status !== 200) throw new Error(`feature: ${got.status}`);
  const feature = await got.json();
  expect(feature.id).toBe(id);
  expect(feature.label.text).toContain('lef');
});

test('the typed client sends a batch and a probe', async () => {
  const release = (await fsRegistry([GOLDEN]).list())[0]!;
  const batch = await v1.r[':release'].batch.$post({ param: { release }, query: {}, json: { ids: ['L0F1', 'L9F9'] } });
  if (batch.status !== 200) throw new Error(`batch: ${batch.status}`);
  expect((await batch.json()).features.map((f) => f?.id ?? null)).toEqual(['L0F1', null]);
  const probe = await v1.r[':release'].probe.vectors.$post({
    param: { release },
    query: {},
    json: { layer: 1, vectors: [new Array<number>(16).fill(0.5)], top: 2 },
  });
  if (probe.status !== 200) throw new Error(`probe: ${probe.status}`);
  expect((await probe.json()).results[0]).toHaveLength(2);
});

test('the example of the README gives the most turned features, page by page', async () => {
  const lines = await mostTurned('http://atlas.test', 0.99, fetcher);
  expect(lines.length).toBeGreaterThan(2);
  const cosines = lines.map((line) => Number(line.split(' ')[1]));
  expect(cosines).toEqual([...cosines].sort((a, b) => a - b));
});
