import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Random, random } from '#pipelines/data/index.ts';
import type { HitTokens } from '../facts.ts';
import { cleanPhrase, explain } from './explain.ts';
import { detection, fuzzing, parseJudgements } from './score.ts';
import { activeMarks, showHit } from './show.ts';
import { openTextModel, type TextModel } from './text-model.ts';

const hit = (tokens: string[], active: Record<number, number> = {}): HitTokens => ({
  sample: { id: 'a', prompt: tokens.join('') },
  grid: null,
  tokens,
  image: new Map(),
  text: new Map(Object.entries(active).map(([i, v]) => [Number(i), v])),
});
const FIRING = Array.from({ length: 6 }, (_, i) => hit(['Is', ' it', ' left', ` of ${i}`, '?'], { 2: 2, 3: 0.1 }));
const SILENT = Array.from({ length: 6 }, (_, i) => hit(['How', ' many', ` are ${i}`, '?']));

/** What a fake server makes of the question. */
type Reply = (system: string, user: string) => string;

/** Knows that the feature is the word "left": judges each sample by it. */
const knowing: Reply = (system, user) => {
  if (system.startsWith('You name')) return 'Explanation: "the word left"\nBecause it is marked.';
  const samples = user.split('\n\n').slice(1);
  return samples.map((sample) => (sample.includes(system.includes('«') ? '«left»' : 'left') ? 1 : 0)).join(' ');
};

describe('a language model behind an address', () => {
  let server: Server;
  let address: string;
  let reply: Reply = knowing;
  let status = 200;
  const seen: { authorization: string | undefined; body: { model: string; temperature: number } }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const body = JSON.parse(text);
        seen.push({ authorization: request.headers.authorization, body });
        const [system, user] = body.messages.map((message: { content: string }) => message.content);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ choices: [{ message: { content: reply(system, user) } }] }));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
  });
  afterAll(() => new Promise((done) => server.close(done)));
  const open = () => openTextModel({ address, model: 'fake' });
  const draws = (): Random => random(0, 'test');

  it('writes a phrase, and scores 1 where it knows, 0.5 where it always says yes', async () => {
    const model = await open();
    const label = await explain(model, FIRING, [{ token: ' right', id: 1, weight: 2 }]);
    expect(label).toBe('the word left');
    expect(await detection(model, label, FIRING, SILENT, draws())).toEqual({ balanced: 1, n: 12 });
    expect(await fuzzing(model, label, FIRING, draws())).toEqual({ balanced: 1, n: 6 });
    reply = () => '1 1 1 1 1 1 1 1';
    expect(await detection(model, label, FIRING, SILENT, draws())).toEqual({ balanced: 0.5, n: 12 });
    reply = knowing;
    expect(seen[0]).toMatchObject({ authorization: undefined, body: { model: 'fake', temperature: 0 } });
  });

  it('has no score where one kind of sample is missing', async () => {
    const model = await open();
    expect(await detection(model, 'x', FIRING, [], draws())).toBeUndefined();
    expect(await fuzzing(model, 'x', FIRING.slice(0, 1), draws())).toBeUndefined();
  });

  it('is named when it fails, after three tries where another may help', async () => {
    const model = await open();
    for (const [code, tries] of [
      [401, 1],
      [503, 3],
    ] as const) {
      status = code;
      const before = seen.length;
      await expect(model.complete('a', 'b')).rejects.toThrow(`answers ${code}`);
      expect(seen.length - before).toBe(tries);
    }
    status = 200;
    await expect(openTextModel({ address, model: 'm', keyVariable: 'PARALLAX_NO_SUCH_KEY' })).rejects.toThrow(
      /not set/,
    );
    await expect(openTextModel({ address: 'somewhere', model: 'm' })).rejects.toThrow(/write http|is not one/);
  });
});

describe('a local language model', () => {
  it('answers by transformers.js', async () => {
    const base = fileURLToPath(new URL('../../../fixtures/demo/base', import.meta.url));
    const model: TextModel = await openTextModel({ address: 'local', model: base });
    expect(model.name).toBe('base');
    expect(typeof (await model.complete('Answer.', 'Is the cat left of the dog?'))).toBe('string');
    await model.close();
    await expect(openTextModel({ address: 'local', model: '/no/such/model' })).rejects.toThrow(/does not open/);
  });
});

describe('what the language model reads and says', () => {
  it('marks active tokens behind their space', () => {
    expect(showHit(FIRING[0]!, activeMarks(FIRING[0]!))).toBe('Text: Is it «left» of 0?');
    expect(showHit(FIRING[0]!, null)).toBe('Text: Is it left of 0?');
  });

  it('is read totally, whatever it says', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(12), (answer, count) => {
        expect(parseJudgements(answer, count).length).toBe(count);
        expect(cleanPhrase(answer)).not.toContain('\n');
        expect(cleanPhrase(answer).length).toBeLessThanOrEqual(201);
      }),
    );
    expect(parseJudgements('1, 0, 10, 0.1 1', 4)).toEqual([true, false, true, undefined]);
  });
});
