import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProbes } from '#pipelines/publish/probe/build/index.ts';
import { createTextProbe } from '#pipelines/publish/probe/text/answer.ts';
import { fsRegistry } from '#release/registry-fs.ts';
import { GOLDEN, writeDemoLike } from '../../test/releases.ts';
import { createApp } from '../app.ts';
import { type DescribedOperation, type Drawn, type Known, requests } from './arbitrary.ts';

/** Requests in all; `PARALLAX_LONG=1` for the long mode. */
const REQUESTS = process.env['PARALLAX_LONG'] ? 100_000 : 2000;

const document = JSON.parse(await readFile(new URL('../openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, DescribedOperation>>;
  components: object;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

const home = await mkdtemp(join(tmpdir(), 'properties-'));
const releases = fsRegistry([GOLDEN, join(home, 'releases')]);
const faults: Error[] = [];
const app = createApp({
  releases,
  askText: createTextProbe((path) => readFile(join(home, 'site', path)).catch(() => null)),
  report: (error) => faults.push(error),
});
const ajv = new Ajv.default({ strict: false, validateFormats: false });

let known: Known;
/** What is known to one operation alone: the release whose model reads texts. */
const own: Record<string, Known> = {};
afterAll(() => rm(home, { recursive: true, force: true }));
beforeAll(async () => {
  const [id] = await releases.list();
  const demo = await writeDemoLike(join(home, 'releases'), 32);
  await buildProbes(join(home, 'site'), [join(home, 'releases', demo)]);
  own['probeText'] = { release: [demo, demo, demo, id!, 'golden', 'nothing'] };
  const { cursor } = (await (await app.request(`/api/v1/r/${id}/features?limit=1`)).json()) as { cursor: string };
  known = {
    release: [id!, id!, id!, 'golden', 'nothing'],
    id: ['L0F0', 'L1F5', 'H0.1', 'L9F0'],
    layer: ['0', '1', '7'],
    cursor: [cursor],
    words: ['left', 'lef* of', 'the'],
    feature: ['L0F0'],
    head: ['H0.0'],
    releases: [id!],
  };
}, 60_000);

const BODIES: Record<string, fc.Arbitrary<unknown>> = {
  getFeatures: fc.record({ ids: fc.array(fc.constantFrom('L0F0', 'L1F3', 'L9F9', 'x'), { maxLength: 5 }) }),
  probeVectors: fc.record({
    layer: fc.integer({ min: 0, max: 2 }),
    vectors: fc.array(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 14, maxLength: 16 }), {
      maxLength: 3,
    }),
    top: fc.integer({ min: 0, max: 70 }),
  }),
};

BODIES['probeText'] = fc.record(
  {
    text: fc.oneof(
      fc.constantFrom('the cat is left of the dog', '<image>', ' '),
      fc.string({ unit: 'binary', maxLength: 300 }),
    ),
    image: fc.record({
      width: fc.constantFrom(112, 112, 1),
      height: fc.constant(112),
      data: fc.constantFrom('', '*', 'AAAA', Buffer.alloc(3 * 112 * 112, 90).toString('base64')),
    }),
    layer: fc.integer({ min: 0, max: 6 }),
    stage: fc.constantFrom('F', 'S', 'X', '__proto__'),
    top: fc.integer({ min: 0, max: 33 }),
  },
  { requiredKeys: ['text', 'layer'] },
);

const validators = new Map<string, ReturnType<typeof ajv.compile>>();
/** Says whether a body is what the document promises for its status and media type. */
function validate(operation: DescribedOperation, status: string, type: string, value: unknown): string {
  const schema = operation.responses[status]?.content?.[type]?.schema;
  if (!schema) return `${status} in ${type} is not declared`;
  const key = `${operation.operationId} ${status} ${type}`;
  // References in the document start at its root.
  const check = validators.get(key) ?? ajv.compile({ ...(schema as object), components: document.components });
  validators.set(key, check);
  return check(value) ? '' : ajv.errorsText(check.errors);
}

async function drive(operation: DescribedOperation, method: string, drawn: Drawn): Promise<void> {
  const withBody = drawn.method !== 'GET' && drawn.method !== 'HEAD' && drawn.body !== null;
  const response = await app.request(drawn.address, {
    method: drawn.method,
    headers: drawn.headers,
    ...(withBody ? { body: drawn.body } : {}),
  });
  const body = await response.text();
  expect(faults, JSON.stringify(faults.map((f) => f.stack))).toEqual([]);
  expect(response.status).toBeLessThan(500);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  if (drawn.method !== method) {
    if (drawn.method === 'HEAD') expect(body).toBe('');
    else
      expect(
        response.status === 405 || drawn.method === 'OPTIONS' || response.status === 404 || response.status < 300,
      ).toBe(true);
    return;
  }
  // A hostile text in the path may make it another path: `.` and `..` are taken out of it before it is read.
  if (response.status === 405 && new URL(drawn.address, 'http://x').pathname !== drawn.address.split('?')[0]) return;
  const status = String(response.status);
  const type = (response.headers.get('content-type') ?? '').split(';')[0]!;
  if (response.status === 404 && body.includes('there is nothing at')) return;
  expect(Object.keys(operation.responses)).toContain(status);
  if (body === '') return;
  const values =
    type === 'application/x-ndjson'
      ? body
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown)
      : [JSON.parse(body) as unknown];
  for (const value of values) expect(validate(operation, status, type, value)).toBe('');
}

describe(`${REQUESTS} requests, valid and hostile: no 5xx, every status declared, every body valid`, () => {
  test.each(operations.map((o) => [o.operation.operationId, o] as const))(
    '%s',
    async (id, { path, method, operation }) => {
      await fc.assert(
        fc.asyncProperty(
          requests(path, method, operation, { ...known, ...own[id] }, BODIES[id] ?? fc.constant(null)),
          (drawn) => drive(operation, method, drawn),
        ),
        { numRuns: Math.ceil(REQUESTS / operations.length) },
      );
    },
    REQUESTS * 10 + 60_000,
  );
});
