import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { ReleaseReader } from '../reader.ts';
import { fsSource } from '../source-fs.ts';
import { cantor } from './circuit-tracer.ts';
import { csvField } from './csv.ts';
import { EXPORT_FORMATS, type ExportFormatName } from './index.ts';
import { tokenRow } from './tokens.ts';

let reader: ReleaseReader;
beforeAll(async () => {
  const golden = fileURLToPath(new URL('../../../test/golden-release', import.meta.url));
  const [id] = await readdir(golden);
  reader = await ReleaseReader.open(fsSource(`${golden}/${id}`));
});

const filesOf = async (format: ExportFormatName): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for await (const { path, text } of EXPORT_FORMATS[format].files(reader)) files.set(path, text);
  return files;
};

test('CSV: a header and a row a feature, read back by a reader of RFC 4180', async () => {
  const files = await filesOf('csv');
  expect([...files.keys()]).toEqual(['L00.csv', 'L01.csv']);
  const rows = files.get('L00.csv')!.trimEnd().split('\r\n');
  expect(rows).toHaveLength(7);
  const at = rows[0]!.split(',').indexOf('cos_s_f');
  expect(rows[1]!.split('"').length).toBe(1);
  expect(Number(rows[1]!.split(',')[at])).toBe((await reader.feature(0, 0))!.stages.cos_s_f);
});

test('a CSV field cannot leave its cell nor be run as a formula', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '=', '-', '\t') }), (text) => {
      const field = csvField(text);
      const inner = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
      expect(inner === text || inner === `'${text}`).toBe(true);
      if (!field.startsWith('"')) expect(field).not.toMatch(/[",\r\n]/);
      expect(inner).not.toMatch(/^[=+\-@\t\r]/);
    }),
  );
});

test('JSON Lines hold every record whole', async () => {
  const lines = (await filesOf('jsonl')).get('L01.jsonl')!.trimEnd().split('\n');
  const { examples, ...feature } = JSON.parse(lines[2]!);
  expect(feature).toEqual(await reader.feature(1, 2));
  expect(examples).toEqual(await reader.examples(1, 2));
});

test('Neuronpedia batches: every feature once, parallel lists of one length', async () => {
  const files = await filesOf('neuronpedia');
  expect([...files.keys()]).toEqual(['0/batch-0.json', '1/batch-0.json']);
  const batch = JSON.parse(files.get('0/batch-0.json')!);
  expect(batch.features.map((f: { feature_index: number }) => f.feature_index)).toEqual([0, 1, 2, 3, 4, 5]);
  for (const f of batch.features) {
    expect(f.freq_hist_data_bar_values).toHaveLength(f.freq_hist_data_bar_heights.length);
    expect(f.pos_str).toHaveLength(f.pos_values.length);
    for (const a of f.activations) {
      expect(a.values).toHaveLength(a.tokens.length);
      expect(a.values[a.qualifying_token_index]).toBe(Math.max(...a.values));
    }
  }
});

test('attribution-graph files: one a feature, named by its pair number', async () => {
  const files = await filesOf('circuit-tracer');
  expect(files.size).toBe(12);
  const file = JSON.parse(files.get(`features/${cantor(1, 2)}.json`)!);
  expect([file.layer, file.feature]).toEqual([1, 2]);
  expect(file.examples_quantiles[0].quantile_name).toBe('Top activations');
});

test('pair numbers, by the table of the pairing function', () => {
  expect([cantor(0, 0), cantor(1, 0), cantor(0, 1), cantor(2, 0), cantor(1, 1), cantor(0, 2)]).toEqual([
    0, 1, 2, 3, 4, 5,
  ]);
});

test('patches come first, row by row, then the text', () => {
  const record = {
    id: 'L0F0',
    samples: [
      {
        id: 's',
        image: null,
        grid: { rows: 2, columns: 2 },
        tokens: ['a', 'b'],
        family: '',
        prompt: '',
        answer: null,
        alt: null,
      },
    ],
    examples: [],
    pairs: [],
  };
  const example = {
    sample: 0,
    interval: 'top',
    max: 5,
    image: { index: [2], value: [3] },
    text: { index: [1], value: [5] },
  };
  expect(tokenRow(record, example)).toEqual({
    tokens: ['<image 0,0>', '<image 0,1>', '<image 1,0>', '<image 1,1>', 'a', 'b'],
    values: [0, 0, 3, 0, 0, 5],
    top: 5,
  });
});
