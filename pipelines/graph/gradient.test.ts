import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noise } from './grad/testing/finite.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';
import {
  BATCH,
  DECODERS,
  distance,
  evaluate,
  K,
  LAYER,
  metricOf,
  temporaryFolder,
  tokens,
  z,
} from './testing/metrics.ts';
import type { Decoder, Site } from './types.ts';

describe.each(Object.keys(DECODERS))('%s', (name) => {
  let decoder: Decoder;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    decoder = await DECODERS[name]!(folder.path);
  });
  afterAll(async () => {
    await decoder.close();
    await folder.remove();
  });

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

  test('a small memory gives the same: parts of the batch, or one layer after the other', async () => {
    const [clean, corrupt] = [tokens(decoder, 1), tokens(decoder, 2)];
    const metric = metricOf(decoder, 'relu', `blocks.${LAYER}.hook_resid_mid`);
    const sites = [
      z(0),
      z(1),
      z(2),
      'blocks.0.hook_resid_pre',
      'blocks.1.hook_resid_pre',
      'blocks.0.hook_mlp_out',
      'blocks.1.hook_attn_out',
    ];
    const options = { byPosition: true } as const;
    const expected = [
      await decoder.gradient(clean, metric, sites),
      await decoder.attribute(clean, corrupt, metric, options),
    ] as const;
    for (const gradientMemory of [2e5, 1]) {
      const small = await DECODERS[name]!(folder.path, { gradientMemory });
      const got = [
        await small.gradient(clean, metric, sites),
        await small.attribute(clean, corrupt, metric, options),
      ] as const;
      for (const part of ['grads', 'values'] as const)
        for (const site of sites) {
          expect(got[0][part][site]!.dims).toEqual(expected[0][part][site]!.dims);
          expect(distance(got[0][part][site]!.data, expected[0][part][site]!.data), site).toBeLessThan(2e-5);
        }
      for (const side of ['clean', 'corrupt'] as const)
        for (const part of ['metric', 'effect', 'absolute', 'byPosition'] as const) {
          expect(got[1][side]![part]!.dims).toEqual(expected[1][side]![part]!.dims);
          expect(distance(got[1][side]![part]!.data, expected[1][side]![part]!.data), part).toBeLessThan(5e-5);
        }
      const one = await small.attribute(clean, corrupt, metric, { sides: 'clean' });
      expect(distance(one.clean.effect.data, expected[1].clean.effect.data)).toBeLessThan(5e-5);
      await small.close();
    }
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
