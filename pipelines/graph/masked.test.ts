import { afterAll, describe, expect, test } from 'vitest';
import { openDecoder } from './decoder.ts';
import { openForward } from './forward.ts';
import { noise } from './grad/testing/finite.ts';
import { feedsFor } from './groups.ts';
import { openSession } from './session.ts';
import { f32, i64, sizeOf, type Tensor } from './tensor.ts';
import { testDecoder } from './testing/decoder.ts';
import { distance } from './testing/metrics.ts';
import type { Decoder, DecoderInputs, Metric } from './types.ts';

const BASE = new URL('../../fixtures/demo/base/onnx/model.onnx', import.meta.url).pathname;
const [BATCH, POS] = [2, 6];
/** The first sequence has two tokens of padding before it, the second one. */
const PAD = [2, 1];
const mask = () =>
  i64(
    Array.from({ length: BATCH * POS }, (_, i) => Number(i % POS >= PAD[Math.floor(i / POS)]!)),
    [BATCH, POS],
  );

const opened: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(opened.map((x) => x.close())));
const kept = <T extends { close(): Promise<void> }>(x: T): T => {
  opened.push(x);
  return x;
};

const metricOf = ({ anatomy }: Decoder): Metric => ({
  at: 'blocks.1.hook_resid_post',
  direction: f32(noise(2 * anatomy.dModel, 3), [2, anatomy.dModel]),
  mask: f32(
    Array.from({ length: BATCH * POS }, (_, i) => Number(i % POS > 2)),
    [BATCH, POS],
  ),
  activation: 'identity',
});
const inputsOf = ({ anatomy, inputNames }: Decoder, seed: number): DecoderInputs => ({
  [anatomy.tokens.input]: i64(
    noise(BATCH * POS, seed).map((x) => Math.floor(Math.abs(x) * anatomy.vocab)),
    [BATCH, POS],
  ),
  [inputNames.find((name) => name.includes('mask'))!]: mask(),
});

/** Rows of the sites that read positions, without those of padding. */
const real = ({ data, dims }: Tensor<'float32'>): number[] => {
  const row = sizeOf(dims.slice(2));
  return Array.from(data).filter((_, i) => Math.floor(i / row) % POS >= PAD[Math.floor(i / row / POS)]!);
};

describe.each(['added', 'chosen'] as const)('rows of which every key is masked, mask %s', (guarded) => {
  const bytes = testDecoder({ ops: 'plain', norm: 'rms', rotary: true, mlp: 'silu', guarded });
  const open = async () => kept(await openDecoder(bytes));

  test('values are those of the file, the weights zeros', async () => {
    const decoder = await open();
    const inputs = inputsOf(decoder, 1);
    const file = kept(await openSession(bytes));
    const forward = kept(await openForward(bytes));
    const { logits: expected } = await file.run(feedsFor(file, forward.inputs(inputs)));
    const { logits } = await decoder.run(inputs);
    expect(distance(logits!.data, expected!.data as Float32Array)).toBeLessThan(1e-6);
    const pattern = 'blocks.0.attn.hook_pattern';
    const all = await decoder.run(inputs, { taps: ['logits', pattern, 'blocks.0.attn.hook_z'] });
    expect(distance(all['logits']!.data, expected!.data as Float32Array)).toBeLessThan(1e-6);
    const { data, dims } = all[pattern]!;
    const row = (b: number, t: number) => data.subarray((b * dims[1]! * POS + t) * POS).subarray(0, POS);
    expect(Array.from(row(0, 1)).map(Math.abs)).toEqual(Array(POS).fill(0));
    expect(row(0, POS - 1).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    expect(all['blocks.0.attn.hook_z']!.data.subarray(0, 16).every((x) => x === 0)).toBe(true);
  });

  test('gradients are finite, and agree with differences', async () => {
    const decoder = await open();
    const inputs = inputsOf(decoder, 1);
    const metric = metricOf(decoder);
    const sites = ['blocks.0.hook_resid_pre', 'blocks.0.attn.hook_z', 'blocks.1.attn.hook_pattern'];
    const { grads, values } = await decoder.gradient(inputs, metric, sites);
    for (const site of sites) {
      const { dims, data } = values[site]!;
      const along = f32(noise(data.length, 8), dims);
      const read = async (factor: number) => {
        const interventions = [{ at: site, op: 'add', value: along, factor }] as const;
        const x = (await decoder.run(inputs, { taps: [metric.at], interventions }))[metric.at]!;
        const [d, sums] = [decoder.anatomy.dModel, [0, 0]];
        x.data.forEach((value, i) => {
          for (const k of [0, 1])
            sums[k]! += metric.mask.data[Math.floor(i / d)]! * value * metric.direction.data[k * d + (i % d)]!;
        });
        return sums;
      };
      const step = 2e-3;
      const [up, down] = [await read(step), await read(-step)];
      const slopes = [0, 1].map((k) =>
        along.data.reduce((sum, x, i) => sum + x * grads[site]!.data[k * data.length + i]!, 0),
      );
      // differences of float32 runs leave some 1e-3 of the slope in doubt
      const differences = up.map((x, k) => (x - down[k]!) / (2 * step));
      expect(distance(slopes, differences), site).toBeLessThan(1e-2);
    }
  });
});

test('padding on the left of the demo decoder changes neither values nor attributions', async () => {
  const decoder = kept(await openDecoder(BASE));
  const metric = metricOf(decoder);
  const [clean, corrupt] = [inputsOf(decoder, 1), inputsOf(decoder, 2)];
  const site = 'blocks.1.hook_resid_post';
  const padded = await decoder.run(clean, { taps: [site] });
  const effects = await decoder.attribute(clean, corrupt, metric, { byPosition: true });
  const values: number[] = [];
  for (const b of [0, 1]) {
    const alone = (inputs: DecoderInputs): DecoderInputs => {
      const ids = inputs['input_ids']!.data.slice(b * POS + PAD[b]!, (b + 1) * POS) as BigInt64Array;
      return { input_ids: i64(ids, [1, ids.length]) };
    };
    const marks = metric.mask.data.slice(b * POS + PAD[b]!, (b + 1) * POS);
    const own: Metric = { ...metric, mask: f32(marks, [1, marks.length]) };
    const { [site]: stream } = await decoder.run(alone(clean), { taps: [site] });
    values.push(...stream!.data);
    const { clean: got } = await decoder.attribute(alone(clean), alone(corrupt), own, { sides: 'clean' });
    const size = got.effect.data.length / 2;
    for (const k of [0, 1]) {
      const from = (k * BATCH + b) * size;
      const expected = effects.clean.effect.data.subarray(from, from + size);
      expect(distance(got.effect.data.subarray(k * size, (k + 1) * size), expected)).toBeLessThan(1e-4);
    }
  }
  expect(distance(real(padded[site]!), values)).toBeLessThan(1e-5);
});
