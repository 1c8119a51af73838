import { readFile } from 'node:fs/promises';
import Ajv from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { kernelBytes } from '#release/probe/kernel.ts';
import type { DescribedOperation } from './client/arbitrary.ts';
import { emitOpenApi } from './emit.ts';
import { SHOWN } from './examples.ts';
import { OPERATIONS } from './operations.ts';

test('the committed openapi.json is what the routes describe (npm run emit writes it)', async () => {
  expect(await readFile(new URL('openapi.json', import.meta.url), 'utf8')).toBe(emitOpenApi());
});

test('every operation has an id and an example of its own', () => {
  const ids = OPERATIONS.map((o) => o.route.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(SHOWN).sort()).toEqual([...ids].sort());
});

test('every response has an example of its schema (npm run examples records them from the demo release)', () => {
  const { paths, components } = JSON.parse(emitOpenApi()) as {
    paths: Record<string, Record<string, DescribedOperation>>;
    components: object;
  };
  const ajv = new Ajv.default({ strict: false, validateFormats: false });
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path)))
    for (const [status, { content }] of Object.entries(operation.responses))
      for (const [type, media] of Object.entries(content ?? {})) {
        const { schema, example } = media as { schema: object; example?: unknown };
        const check = ajv.compile({ ...schema, components });
        check(example);
        expect([operation.operationId, status, type, ajv.errorsText(check.errors)]).toEqual([
          operation.operationId,
          status,
          type,
          'No errors',
        ]);
      }
});

test("the committed kernel is the assembler's", async () => {
  expect(new Uint8Array(await readFile(new URL('probe-kernel.wasm', import.meta.url)))).toEqual(kernelBytes());
});
