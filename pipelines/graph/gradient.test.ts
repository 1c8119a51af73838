import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeRandomDecoder } from './bench/random-decoder.ts';
import { openDecoder } from './decoder.ts';
import { noise } from './grad/testing/finite.ts';
import { f32, i64, sizeOf, type Tensor } from './tensor.ts';
import type { Decoder, DecoderInputs, HeadRef, Metric, Site } from './types.ts';

const FIXTURES = new URL('../../fixtures/demo/', import.meta.url).pathname;
const [BATCH, POS, K] = [2, 6, 3];
const LAYER = 1;
const z = (layer: number): Site => `blocks.${layer}.attn.hook_z`;

const tokens = ({ anatomy }: Decoder, seed: number): DecoderInputs => {
  const { input, kind } = anatomy.tokens;
  const random = noise(BATCH * POS * (kind === 'ids' ? 1 : anatomy.dModel), seed);
  if (kind === 'embeddings') return { [input]: f32(random, [BATCH, POS, anatomy.dModel]) };
  return {
    [input]: i64(
      random.map((x) => Math.floor(Math.abs(x) * 40)),
      [BATCH, POS],
    ),
  };
};
const metricOf = (
  { anatomy }: Decoder,
  activation: Metric['activation'],
  at: Site = `blocks.${LAYER}.hook_resid_post`,
): Metric => ({
  at,
  direction: f32(noise(K * anatomy.dModel, 3), [K, anatomy.dModel]),
  bias: f32([0.1, -0.2, 0.3]),
  mask: f32([0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0], [BATCH, POS]),
  activation,
});

/** `m[k,b]` by its definition, of a stream as read. */
function evaluate({ direction, bias, mask, activation }: Metric, x: Tensor<'float32'>): number[] {
  const d = x.dims[2]!;
  return Array.from({ length: K * BATCH }, (_, i) => {
    const [k, b] = [Math.floor(i / BATCH), i % BATCH];
    let sum = 0;
    for (let t = 0; t < POS; t += 1) {
      let s = bias!.data[k]!;
      for (let j = 0; j < d; j += 1) s += x.data[(b * POS + t) * d + j]! * direction.data[k * d + j]!;
      sum += mask.data[b * POS + t]! * (activation === 'relu' ? Math.max(s, 0) : s);
    }
    return sum;
  });
}

/** Largest difference, relative to the largest value. */
function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  const scale = Array.from(expected).reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
  return Array.from(got).reduce(
    (m, x, i) => Math.max(m, Math.abs(x - expected[i]!) / scale),
    got.length === expected.length ? 0 : 1,
  );
}

let folder = '';
const open: Record<string, () => Promise<Decoder>> = {
  'fused operators, packed heads': async () =>
    openDecoder(
      await writeRandomDecoder(folder, {
        layers: 3,
        dModel: 64,
        dMlp: 48,
        heads: 4,
        kvHeads: 2,
        vocab: 64,
        context: 32,
      }),
    ),
  'fused operators, from embeddings': () => openDecoder(`${FIXTURES}tuned/onnx/decoder_model_merged.onnx`),
  'plain operators': () => openDecoder(`${FIXTURES}base/onnx/model.onnx`),
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parallax-gradient-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(Object.keys(open))('%s', (name) => {
  let decoder: Decoder;
  beforeAll(async () => {
    decoder = await open[name]!();
  });
  afterAll(() => decoder.close());

  test.each(['identity', 'relu'] as const)('gradients agree with differences of %s metrics', async (activation) => {
    const inputs = tokens(decoder, 1);
    const metric = metricOf(decoder, activation);
    const sites = [z(0), z(1), 'blocks.0.hook_resid_pre', 'blocks.0.hook_mlp_out', 'blocks.0.attn.hook_pattern'];
    const { metric: value, grads, values } = await decoder.gradient(inputs, metric, sites);
    const read = async (at: Site, by: number, along: Tensor<'float32'>) =>
      evaluate(
        metric,
        (
          await decoder.run(inputs, { taps: [metric.at], interventions: [{ at, op: 'add', value: along, factor: by }] })
        )[metric.at]!,
      );
    expect(
      distance(value.data, await read(z(0), 0, f32(new Float32Array(sizeOf(values[z(0)]!.dims)), values[z(0)]!.dims))),
    ).toBeLessThan(1e-5);
    for (const site of sites) {
      const { dims, data } = values[site]!;
      expect(grads[site]!.dims).toEqual([K, ...dims]);
      const along = f32(noise(data.length, 8), dims);
      const step = 2e-3;
      const [up, down] = [await read(site, step, along), await read(site, -step, along)];
      const perBatch = data.length / BATCH;
      const slopes = up.map((_, i) => {
        const [k, b] = [Math.floor(i / BATCH), i % BATCH];
        let sum = 0;
        for (let j = b * perBatch; j < (b + 1) * perBatch; j += 1)
          sum += along.data[j]! * grads[site]!.data[k * data.length + j]!;
        return sum;
      });
      // differences of float32 runs: a step of 2e-3 leaves some 1e-3 of the slope in doubt
      expect(
        distance(
          slopes,
          up.map((x, i) => (x - down[i]!) / (2 * step)),
        ),
      ).toBeLessThan(1e-2);
    }
  });

  test('a site that the metric does not read has gradient zero, and keeps its value', async () => {
    const inputs = tokens(decoder, 1);
    const above = z(LAYER + 1);
    const { grads, values } = await decoder.gradient(inputs, metricOf(decoder, 'identity'), [above]);
    expect(grads[above]!.data.every((x) => x === 0)).toBe(true);
    expect(distance(values[above]!.data, (await decoder.run(inputs, { taps: [above] }))[above]!.data)).toBeLessThan(
      1e-5,
    );
  });

  test('attribution is the gradient times the change of z, both ways', async () => {
    const [clean, corrupt] = [tokens(decoder, 1), tokens(decoder, 2)];
    const metric = metricOf(decoder, 'identity');
    const sites = [z(0), z(1)];
    const positions = f32([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0], [BATCH, POS]);
    const all = await decoder.attribute(clean, corrupt, metric, { byPosition: true, positions });
    const one = await decoder.attribute(clean, corrupt, metric, { sides: 'clean', positions });
    const runs = {
      clean: await decoder.gradient(clean, metric, sites),
      corrupt: await decoder.gradient(corrupt, metric, sites),
    };
    const { heads, dHead } = decoder.anatomy;
    for (const side of ['clean', 'corrupt'] as const) {
      const [own, other] = [runs[side], runs[side === 'clean' ? 'corrupt' : 'clean']];
      const by = new Float32Array(K * BATCH * 2 * POS * heads);
      const effect = new Float32Array(K * BATCH * 2 * heads);
      const absolute = new Float32Array(effect.length);
      for (let i = 0; i < by.length; i += 1) {
        const h = i % heads;
        const t = Math.floor(i / heads) % POS;
        const layer = Math.floor(i / heads / POS) % 2;
        const kb = Math.floor(i / heads / POS / 2);
        const at = (((kb % BATCH) * POS + t) * heads + h) * dHead;
        const size = own.values[z(layer)]!.data.length;
        const k = Math.floor(kb / BATCH);
        for (let j = at; j < at + dHead; j += 1)
          by[i]! +=
            (other.values[z(layer)]!.data[j]! - own.values[z(layer)]!.data[j]!) *
            own.grads[z(layer)]!.data[k * size + j]!;
        by[i]! *= positions.data[(kb % BATCH) * POS + t]!;
        effect[(kb * 2 + layer) * heads + h]! += by[i]!;
        absolute[(kb * 2 + layer) * heads + h]! += Math.abs(by[i]!) / 5.5;
      }
      const got = all[side]!;
      expect(got.effect.dims).toEqual([K, BATCH, 2, heads]);
      expect(distance(got.effect.data, effect)).toBeLessThan(1e-4);
      expect(distance(got.byPosition!.data, by)).toBeLessThan(1e-4);
      expect(got.absolute.dims).toEqual([K, BATCH, 2, heads]);
      expect(distance(got.metric.data, own.metric.data)).toBeLessThan(1e-5);
    }
    expect(distance(one.clean.effect.data, all.clean.effect.data)).toBeLessThan(1e-4);
    expect(distance(one.clean.absolute.data, all.clean.absolute.data)).toBeLessThan(1e-4);
    expect(one.corrupt).toBeUndefined();
  });

  test('exact patches are runs with the head replaced', async () => {
    const [clean, corrupt] = [tokens(decoder, 1), tokens(decoder, 2)];
    const metric = metricOf(decoder, 'relu');
    const { heads, dHead } = decoder.anatomy;
    const refs: HeadRef[] = [
      { layer: 1, head: heads - 1 },
      { layer: 0, head: 0 },
      { layer: LAYER + 1, head: 0 },
      { layer: 0, head: 1 },
    ];
    const replacement = await decoder.run(corrupt, { taps: [0, 1, 2].map(z) });
    const got = await decoder.patchHeads(clean, metric, refs, replacement);
    expect(got.dims).toEqual([refs.length, K, BATCH]);
    const unpatched = evaluate(metric, (await decoder.run(clean, { taps: [metric.at] }))[metric.at]!);
    const expected: number[] = [];
    for (const { layer, head } of refs) {
      const rows = Array.from({ length: BATCH * POS }, (_, row) =>
        replacement[z(layer)]!.data.slice((row * heads + head) * dHead, (row * heads + head + 1) * dHead),
      );
      const value = f32(
        rows.flatMap((r) => [...r]),
        [BATCH, POS, dHead],
      );
      const run = await decoder.run(clean, {
        taps: [metric.at],
        interventions: [{ at: z(layer), op: 'set', head, value }],
      });
      expected.push(...evaluate(metric, run[metric.at]!).map((x, i) => x - unpatched[i]!));
    }
    expect(distance(got.data, expected)).toBeLessThan(1e-4);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  test('what does not fit is refused by name', async () => {
    const inputs = tokens(decoder, 1);
    const metric = metricOf(decoder, 'identity');
    await expect(decoder.gradient(inputs, metric, ['blocks.99.attn.hook_z'])).rejects.toThrow(/layer 99/);
    await expect(decoder.gradient(inputs, { ...metric, mask: f32([1], [1, 1]) }, [z(0)])).rejects.toThrow(
      /metric.mask/,
    );
    await expect(decoder.gradient(inputs, { ...metric, direction: f32([1], [1, 1]) }, [z(0)])).rejects.toThrow(
      /metric.direction/,
    );
    await expect(decoder.gradient(inputs, { ...metric, at: z(0) }, [z(0)])).rejects.toThrow(/residual stream/);
    await expect(decoder.patchHeads(inputs, metric, [{ layer: 0, head: 99 }], {})).rejects.toThrow(/head 99/);
    await expect(decoder.patchHeads(inputs, metric, [{ layer: 0, head: 0 }], {})).rejects.toThrow(/replacement/);
  });
});
