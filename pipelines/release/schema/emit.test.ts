import { readdir, readFile } from 'node:fs/promises';
import Ajv from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { syntheticInput } from '../synthetic.ts';
import { jsonSchemas } from './emit.ts';

const folder = new URL('json/', import.meta.url);

test('the committed JSON Schemas are those of the zod schemas (npm run emit writes them)', async () => {
  const schemas = jsonSchemas();
  expect((await readdir(folder)).sort()).toEqual([...schemas.keys()].sort());
  for (const [name, text] of schemas) expect(await readFile(new URL(name, folder), 'utf8'), name).toBe(text);
});

test('another validator accepts the records by them', async () => {
  const ajv = new Ajv.default({ strict: false, validateFormats: false });
  const schemas = jsonSchemas();
  const accepts = (name: string, value: unknown) => {
    const ok = ajv.validate(JSON.parse(schemas.get(`${name}.schema.json`)!), value);
    expect(ok, `${name}: ${ajv.errorsText()}`).toBe(true);
  };
  const input = await syntheticInput({ layers: 1, features: 40, pictures: 2 });
  for await (const feature of input.layers[0]!.features) accepts('feature', feature);
  for await (const record of input.layers[0]!.examples) accepts('examples', record);
  for (const name of ['heads', 'quality', 'summary', 'related'] as const) accepts(name, input[name]);
  expect(ajv.validate(JSON.parse(schemas.get('summary.schema.json')!), { layers: 1 })).toBe(false);
});
