import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLANTED_MODEL, writeSae, writeStream } from './testing/planted.ts';
import { WrittenFile } from './written/file.ts';
import { run } from './written.stage.ts';

const SLICE = { seed: 5, from: 0, to: 60 };

/** Answers as one who sees what is marked: the word, or the cat. */
function answer(system: string, user: string): string {
  if (system.startsWith('You name')) return user.includes('«left»') ? 'the word left' : 'a cat in the picture';
  const word = user.includes('Feature: the word left');
  const fuzz = system.includes('«');
  const fits = (sample: string) =>
    word ? sample.includes(fuzz ? '«left»' : ' left ') : fuzz ? /«row[^»]*: cat»/.test(sample) : / cat /.test(sample);
  return user
    .split('\n\n')
    .slice(1)
    .map((sample) =>
      Number(
        fits(
          sample
            .split('\n')
            .slice(1)
            .join('\n')
            .replace(word && !fuzz ? /Picture:.*\n/ : '', ''),
        ),
      ),
    )
    .join(' ');
}

describe('labels written by a language model', () => {
  let root: string;
  let server: Server;
  let asked = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'parallax-written-'));
    for (const name of ['sae', 'tokens', 'targets', 'out']) await mkdir(join(root, name));
    await writeStream(join(root, 'vision'), 'scenes/spatial', SLICE);
    await writeSae(join(root, 'sae'));
    const none = { promoted: [], suppressed: [] };
    await writeFile(join(root, 'tokens/tokens.json'), JSON.stringify([none, none, none]));
    const targets = [0, 1, 2].map((feature) => ({ layer: 2, feature, kind: 'spatial' }));
    await writeFile(
      join(root, 'targets/targets.json'),
      JSON.stringify([...targets, { layer: 3, feature: 9, kind: 'random' }]),
    );
    server = createServer(async (request, response) => {
      asked += 1;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { messages } = JSON.parse(Buffer.concat(chunks).toString());
      const content = answer(messages[0].content, messages[1].content);
      response.end(JSON.stringify({ choices: [{ message: { content } }] }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(async () => {
    await new Promise((done) => server.close(done));
    await rm(root, { recursive: true });
  });

  const make = () =>
    run({
      settings: {
        layer: 2,
        seed: 0,
        features: null,
        stream: { name: 'vision', dataset: 'scenes/spatial', seed: SLICE.seed, from: SLICE.from },
        languageModel: { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, model: 'fake' },
        shown: 4,
        judged: 4,
      },
      inputs: Object.fromEntries(
        [
          ['sae', 'sae'],
          ['tokens', 'tokens'],
          ['targets', 'targets'],
          ['vision/0', 'vision'],
        ].map(([role, folder]) => [role, join(root, folder!)]),
      ),
      files: { model: PLANTED_MODEL },
      out: join(root, 'out'),
      device: 'cpu',
      progress: () => {},
      log: () => {},
    });
  const labels = async () => WrittenFile.parse(JSON.parse(await readFile(join(root, 'out/written.json'), 'utf8')));

  it('are made from strongest samples and scored on others; a feature that never fires gets none', async () => {
    await make();
    expect(await labels()).toEqual([
      {
        feature: 0,
        text: 'the word left',
        maker: 'fake',
        detection: { balanced: 1, n: 8 },
        fuzzing: { balanced: 1, n: 4 },
      },
      {
        feature: 1,
        text: 'a cat in the picture',
        maker: 'fake',
        detection: { balanced: 1, n: 7 },
        fuzzing: expect.anything(),
      },
    ]);
  });

  it('are not asked for again where they are kept', async () => {
    const before = await labels();
    asked = 0;
    await make();
    expect(asked).toBe(0);
    expect(await labels()).toEqual(before);
  });
});
