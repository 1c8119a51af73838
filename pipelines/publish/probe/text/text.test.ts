import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestHarness, type TestHarness } from 'wrangler';
import { PATHS } from '#release/ids.ts';
import type { AskText, TextRequest } from '#release/probe/text.ts';
import { parseSafetensors, toNumbers } from '#release/safetensors.ts';
import { TUNED, writeDemoLike } from '../../../../test/releases.ts';
import { dataset, type Sample } from '../../../data/index.ts';
import { openModel, TOKEN_CLASS } from '../../../models/index.ts';
import { buildProbes } from '../build/index.ts';
import { createTextProbe } from './answer.ts';
import { MAX_TOKENS } from './open.ts';

const TOP = 5;
const QUIET = { WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_HIDE_BANNER: 'true' };
const path = (from: string) => fileURLToPath(new URL(from, import.meta.url));

let home: string;
let site: string;
let id: string;
let ask: AskText;
let scene: Sample;
/** A text as it stands, and a question about a picture. */
let asked: Pick<TextRequest, 'text' | 'picture'>[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'text-probe-'));
  site = join(home, 'site');
  id = await writeDemoLike(join(home, 'site/data'));
  await buildProbes(site, [join(site, 'data', id)]);
  await writeFile(join(site, 'data/releases.json'), JSON.stringify([{ id }]));
  ask = createTextProbe((file) => readFile(join(site, file)).catch(() => null));
  for await (const sample of dataset('scenes/spatial', { seed: 3, from: 0, to: 1 })) scene = sample;
  asked = [
    { text: 'the cat is left of the dog', picture: null },
    { text: scene.prompt, picture: scene.image! },
  ];
}, 60_000);
afterAll(() => rm(home, { recursive: true, force: true }));

const request = (more: Partial<TextRequest> = {}): TextRequest => ({
  release: id,
  ...asked[0]!,
  layer: 2,
  stage: 'F',
  top: TOP,
  ...more,
});

async function tokensOf(given: TextRequest) {
  const reply = await ask(given);
  if ('refused' in reply) throw new Error(`${reply.refused}: ${reply.detail}`);
  return reply.tokens;
}

/** What the pipeline gives: its own model, and a dictionary multiplied out by hand from the release's file. */
async function byPipeline({ text, picture, layer, stage }: TextRequest) {
  const model = await openModel(TUNED, { role: 'tuned' });
  const sample = { id: 'x', prompt: text, ...(picture ? { image: picture } : { plain: true }) } as Sample;
  const encoded = await model.encode(sample);
  const site_ = `blocks.${layer}.hook_resid_post`;
  const x = (await model.decoder.run(model.inputs([encoded]), { taps: [site_] }))[site_]!.data;
  await model.close();
  const file = parseSafetensors(await readFile(join(site, 'data', id, PATHS.dictionary(layer))));
  const read = (name: string) => toNumbers(file.get(`${stage}.${name}`)!, Float32Array);
  const [wEnc, bEnc, bDec] = [read('W_enc'), read('b_enc'), read('b_dec')];
  const [d, n] = [bDec.length, bEnc.length];
  return Array.from(encoded.ids, (_, t) => {
    const z = Array.from(bEnc, (bias, i) => {
      let sum = bias;
      for (let j = 0; j < d; j += 1) sum += (x[t * d + j]! - bDec[j]!) * wEnc[j * n + i]!;
      return { index: i, value: sum };
    });
    const features = z.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value);
    return { class: encoded.classes[t]!, features: features.slice(0, TOP) };
  });
}

test.each([0, 1])('texts with and without a picture: the values of the pipeline', async (which) => {
  for (const stage of ['F', 'S']) {
    const given = request({ ...asked[which]!, stage });
    const [found, right] = [await tokensOf(given), await byPipeline(given)];
    expect(found.map((token) => TOKEN_CLASS[token.class])).toEqual(right.map((token) => token.class));
    for (const [t, { features }] of found.entries()) {
      expect(features.map((f) => f.index)).toEqual(right[t]!.features.map((f) => f.index));
      for (const [i, f] of features.entries())
        expect(Math.abs(f.value - right[t]!.features[i]!.value)).toBeLessThan(1e-3);
    }
  }
});

test('what cannot be read is refused, with what could', async () => {
  expect(await ask(request({ layer: 9 }))).toMatchObject({ refused: 'layer', allowed: ['0', '1', '2', '3', '4', '5'] });
  expect(await ask(request({ stage: '__proto__' }))).toMatchObject({ refused: 'stage', allowed: ['S', 'F'] });
  expect(await ask(request({ text: 'a <image> b' }))).toMatchObject({ refused: 'text' });
  expect(await ask(request({ text: 'a b '.repeat(MAX_TOKENS) }))).toMatchObject({ refused: 'text' });
  expect(await ask(request({ release: 'other@2026.1.0-000000000000' }))).toMatchObject({ refused: 'none' });
  const picture = { width: 2, height: 2, data: new Uint8Array(12) };
  expect(await ask(request({ picture }))).toMatchObject({ refused: 'image' });
});

test('one text at a time: another is refused at once, and the first is answered', async () => {
  const [first, second] = await Promise.all([ask(request()), ask(request())]);
  expect([Object.keys(first), second]).toEqual([['tokens'], expect.objectContaining({ refused: 'busy' })]);
  expect(Object.keys(await ask(request()))).toEqual(['tokens']);
});

describe('in workerd, the API bound to the Worker of texts', () => {
  let harness: TestHarness;
  beforeAll(async () => {
    Object.assign(process.env, QUIET);
    // Not read here: the encoders of texts lie below `probe/`.
    for (let layer = 0; layer < 6; layer += 1) await rm(join(site, 'data', id, PATHS.dictionary(layer)));
    await rm(join(site, 'ort'), { recursive: true });
    const common = { compatibility_date: '2026-10-01' };
    const assets = (directory: string) => ({ directory, binding: 'ASSETS', run_worker_first: true });
    harness = createTestHarness({
      workers: [
        {
          config: {
            name: 'api',
            main: path('../../../../api/worker.ts'),
            ...common,
            assets: { ...assets(site), not_found_handling: 'none' },
            services: [{ binding: 'TEXT_PROBE', service: 'text' }],
          },
        },
        {
          config: {
            name: 'text',
            main: path('worker.ts'),
            ...common,
            assets: { ...assets(join(site, 'probe')), html_handling: 'none' },
          },
        },
      ],
    });
    await harness.listen();
  }, 120_000);
  afterAll(() => harness.close());

  const post = (body: object) =>
    harness.fetch(`/api/v1/r/${id}/probe/text`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('the same features as in this process, to 1e-3', async () => {
    for (const { text, picture } of asked) {
      const image = picture && { ...picture, data: Buffer.from(picture.data).toString('base64') };
      const response = await post({ text, ...(image ? { image } : {}), layer: 2, top: TOP });
      expect(response.status).toBe(200);
      const { tokens } = (await response.json()) as {
        tokens: { text: string; class: string; features: { id: string; value: number }[] }[];
      };
      const right = await tokensOf(request({ text, picture }));
      expect(tokens.map((t) => [t.text, t.class])).toEqual(right.map((t) => [t.text, t.class]));
      for (const [t, { features }] of tokens.entries())
        for (const [i, f] of features.entries()) {
          expect(f.id).toBe(`L2F${right[t]!.features[i]!.index}`);
          expect(Math.abs(f.value - right[t]!.features[i]!.value)).toBeLessThan(1e-3);
        }
    }
  });

  test('refusals are problems that name the field', async () => {
    expect(await (await post({ text: 'a', layer: 9 })).json()).toMatchObject({ status: 404, field: 'layer' });
    const image = { width: 1, height: 1, data: [1, 2, 3] };
    expect(await (await post({ text: 'a', layer: 2, image })).json()).toMatchObject({ status: 409, field: 'image' });
    expect(await (await post({ text: 'a', layer: 2, image: { ...image, data: '*' } })).json()).toMatchObject({
      status: 409,
      field: 'image.data',
    });
  });
});
