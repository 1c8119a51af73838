import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSession } from '#graph/session.ts';
import { f32, i64 } from '#graph/tensor.ts';
import { PACKAGE_ROOT } from '#pipelines/config/paths.ts';
import { random } from '../../data/random.ts';
import { answerGraph, featureGraph } from './answer-graphs.ts';
import { fillTemplate, readTemplate } from './export.ts';
import { initialWeights } from './init.ts';
import { type DecoderShape, decoderTable, type EncoderShape, encoderTable, projectorTable } from './shapes.ts';

const DEMO: DecoderShape = {
  ...{ vocab: 1024, d: 128, layers: 6, heads: 8, kvHeads: 4, dHead: 32, hidden: 352 },
  ...{ ropeTheta: 100_000, eps: 1e-6 },
};
const SIGLIP: EncoderShape = { d: 96, layers: 4, heads: 4, hidden: 256, image: 112, patch: 16, eps: 1e-6 };
const draws = random(5, 'export.test');
const floats = (dims: number[]) =>
  f32(
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => draws.normal()),
    dims,
  );

describe('the committed pair in the training graphs', () => {
  const FOLDER = join(PACKAGE_ROOT, 'fixtures/demo');
  const ids = Array.from({ length: 12 }, (_, i) => [1, 37, 400, 12, 999, 5, 6, 7, 300, 301, 302, 303][i]!);

  test('its base gives the logits of the exported graph', async () => {
    const template = join(FOLDER, 'base/onnx/model.onnx');
    const table = decoderTable(DEMO);
    const weights = await readTemplate(template, table);
    const own = await openSession(answerGraph(DEMO, { rows: 1, length: 12 }, table));
    const given = Object.fromEntries(Object.entries(table).map(([name, dims]) => [name, f32(weights[name]!, dims)]));
    const zeros = i64(new Array(12).fill(0), [1, 12]);
    const order = Array.from({ length: 12 }, (_, i) => i);
    const inputs = {
      ...given,
      ids: i64(ids, [1, 12]),
      positions: i64(order, [1, 12]),
      document: zeros,
      turn: zeros,
      at: i64(order),
      target: zeros,
    };
    const { logits } = await own.run({ ...inputs, target: i64(order) }, ['logits']);
    const exported = await openSession(template);
    const past = Object.fromEntries(
      exported.inputNames.filter((name) => name.startsWith('past')).map((name) => [name, f32([], [1, 4, 0, 32])]),
    );
    const out = await exported.run(
      {
        input_ids: i64(ids, [1, 12]),
        attention_mask: i64(new Array(12).fill(1), [1, 12]),
        position_ids: i64(order, [1, 12]),
        ...past,
      },
      ['logits'],
    );
    await own.close();
    await exported.close();
    const worst = (out['logits']!.data as Float32Array).reduce(
      (most, x, i) => Math.max(most, Math.abs(x - (logits!.data as Float32Array)[i]!)),
      0,
    );
    expect(worst).toBeLessThan(1e-3);
    expect(Math.max(...(logits!.data as Float32Array))).toBeGreaterThan(3);
  });

  test('its encoder and projector give the features of the exported graph', async () => {
    const template = join(FOLDER, 'tuned/onnx/vision_encoder.onnx');
    const [vision, projector] = [encoderTable(SIGLIP), projectorTable(SIGLIP, DEMO)];
    const weights = await readTemplate(template, { ...vision, ...projector });
    const own = await openSession(featureGraph({ shape: SIGLIP, table: vision, weights }, projector, 128, 1));
    const pixels = floats([1, 3, 112, 112]);
    const given = Object.fromEntries(
      Object.entries(projector).map(([name, dims]) => [name, f32(weights[name]!, dims)]),
    );
    const { features } = await own.run({ ...given, pixels });
    const exported = await openSession(template);
    const out = await exported.run({ pixel_values: pixels });
    await own.close();
    await exported.close();
    const worst = (out['image_features']!.data as Float32Array).reduce(
      (most, x, i) => Math.max(most, Math.abs(x - (features!.data as Float32Array)[i]!)),
      0,
    );
    expect(worst).toBeLessThan(1e-3);
  });

  test.each(['base/onnx/model.onnx', 'tuned/onnx/decoder_model_merged.onnx', 'tuned/onnx/vision_encoder.onnx'])(
    'weights written into %s are read back, and a table that lacks one is refused',
    async (file) => {
      const template = join(FOLDER, file);
      const table = file.includes('vision')
        ? { ...encoderTable(SIGLIP), ...projectorTable(SIGLIP, DEMO) }
        : decoderTable(DEMO);
      const weights = initialWeights(table, draws);
      const folder = await mkdtemp(join(tmpdir(), 'parallax-export-'));
      await writeFile(join(folder, 'x.onnx'), await fillTemplate(template, weights));
      const back = await readTemplate(join(folder, 'x.onnx'), table);
      await rm(folder, { recursive: true });
      expect(Object.keys(back).sort()).toEqual(Object.keys(file.includes('merged') ? weights : table).sort());
      for (const [name, values] of Object.entries(back)) expect(values, name).toEqual(weights[name]);
      const { [Object.keys(table).at(-1)!]: _, ...less } = weights;
      await expect(fillTemplate(template, less)).rejects.toThrow(/no parameter of this model/);
      const short = { ...weights, [Object.keys(table).at(-1)!]: new Float32Array(3) };
      await expect(fillTemplate(template, short)).rejects.toThrow(/elements/);
    },
  );
});
