import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkRecord } from './check.ts';
import { ReleaseReader } from './reader.ts';
import { fsSource } from './source-fs.ts';
import { verifyRelease } from './verify.ts';

/** A release of version 1, never written again: what later code must go on reading. */
const folder = new URL('../../test/golden-release/', import.meta.url);

test('the golden release of version 1 is read as it was written', async () => {
  const ids = await readdir(folder);
  expect(ids).toEqual(['golden@2026.1.0-70a413e44a10']);
  const path = fileURLToPath(new URL(ids[0]!, folder));
  for await (const problem of verifyRelease(path)) expect.unreachable(`${problem.file}: ${problem.message}`);
  const reader = await ReleaseReader.open(fsSource(path), { id: ids[0]!, check: checkRecord });
  const feature = await reader.feature(0, 0);
  expect(feature).toMatchObject({ id: 'L0F0', flags: { spatial: true } });
  expect(await reader.hash('cards', 0, 0)).toBe('eff6e0469cf6288b3a82c846207f90f1b327643edc6124a6140c43aba807e6aa');
  expect((await reader.examples(0, 0))?.samples).toHaveLength(12);
  expect((await reader.search({ words: 'lef*' }, 9)).hits.map((h) => h.id)).toEqual([
    'L0F0',
    'L1F2',
    'L0F5',
    'L0F1',
    'L1F1',
  ]);
  expect((await reader.column('cos_s_f'))?.data).toEqual(
    Float32Array.of(
      -0.053144999,
      0.856031,
      0.62781698,
      0.946859,
      0.95899498,
      -0.015668999,
      0.80163598,
      0.99686199,
      0.373124,
      0.020055,
      0.790869,
      0.81429702,
    ),
  );
  expect((await reader.encoder(1))?.rows.slice(0, 4)).toEqual(Int8Array.of(-85, 111, -127, -27));
  expect((await reader.map())?.x[0]).toBeCloseTo(0.670375, 4);
});
