import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kernelBytes } from '#release/probe/kernel.ts';
import { emitOpenApi } from './emit.ts';
import { SHOWN } from './examples.ts';
import { OPERATIONS } from './operations.ts';

test('the committed openapi.json is what the routes describe (npm run emit writes it)', async () => {
  expect(await readFile(new URL('openapi.json', import.meta.url), 'utf8')).toBe(await emitOpenApi());
});

test('every operation has an id and an example of its own', () => {
  const ids = OPERATIONS.map((o) => o.route.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(SHOWN).sort()).toEqual([...ids].sort());
});

test("the committed kernel is the assembler's", async () => {
  expect(new Uint8Array(await readFile(new URL('probe-kernel.wasm', import.meta.url)))).toEqual(kernelBytes());
});
