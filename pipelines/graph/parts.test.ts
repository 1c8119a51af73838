import { afterAll, describe, expect, it } from 'vitest';
import { type Forward, openForward } from './forward.ts';
import { sequencesPerPass } from './parts.ts';
import { someInputs } from './stack.ts';
import { f32, i64, type Tensor } from './tensor.ts';
import { testDecoder } from './testing/decoder.ts';
import type { DecoderInputs } from './types.ts';

const POS = 300;
const BATCH = 9;
const opened: Forward[] = [];
afterAll(() => Promise.all(opened.map((f) => f.close())));

const ids = (count: number, vocab: number) => i64(Array.from({ length: count }, (_, i) => (i * 7) % vocab));
/** Every row padded on another length. */
const masks = () =>
  i64(Array.from({ length: BATCH * POS }, (_, i) => Number(i % POS < POS - 11 * Math.floor(i / POS))));

describe.each([['plain'], ['fused']] as const)('a batch taken in parts (%s)', (ops) => {
  it('gives every sequence the bits that it has alone', async () => {
    const forward = await openForward(testDecoder({ ops, norm: 'rms' }));
    opened.push(forward);
    const { anatomy } = forward;
    const step = sequencesPerPass(anatomy, { batch: BATCH, pos: POS, past: 0 });
    expect(BATCH % step).not.toBe(0);
    expect(step).toBeGreaterThan(1);
    const [tokens, mask] = ['tokens', 'mask'].map((role) => anatomy.inputs.find((i) => i.role === role)!.name);
    const shaped = (t: Tensor<'int64'>): Tensor => ({ ...t, dims: [BATCH, POS] });
    const inputs: DecoderInputs = { [tokens!]: shaped(ids(BATCH * POS, anatomy.vocab)), [mask!]: shaped(masks()) };
    const taps = anatomy.sites.filter((site) => !site.includes('pattern'));
    const once = await forward.run(inputs, { taps });
    const [before, memory] = [structuredClone(once), Object.values(once).map(({ data }) => data)];
    for (const { data } of Object.values(once)) data.fill(7);
    const whole = await forward.run(inputs, { taps, into: once });
    expect(whole).toEqual(before);
    expect(Object.values(whole).every(({ data }, i) => data === memory[i])).toBe(true);
    for (const b of [0, step, BATCH - 1]) {
      const alone = await forward.run(someInputs(inputs, b, b + 1, BATCH, new Set()), { taps });
      for (const site of taps) {
        const { dims, data } = whole[site]!;
        const size = data.length / BATCH;
        expect(dims[0]).toBe(BATCH);
        expect(f32(data.slice(b * size, (b + 1) * size), [1, ...dims.slice(1)]), site).toEqual(alone[site]);
      }
    }
  });
});

it('gives embeddings back as they went in, every time', async () => {
  const forward = await openForward(testDecoder({ ops: 'fused', norm: 'rms', packed: true, tokens: 'embeddings' }));
  opened.push(forward);
  const { anatomy } = forward;
  const name = anatomy.inputs.find((i) => i.role === 'tokens')!.name;
  const dims = [2, 5, anatomy.dModel];
  const inputs: DecoderInputs = {
    [name]: f32(
      Float32Array.from({ length: 10 * anatomy.dModel }, (_, i) => i + 1),
      dims,
    ),
  };
  const taps = ['blocks.0.hook_resid_pre', 'blocks.0.hook_resid_post'];
  for (let round = 0; round < 3; round += 1) {
    const first = await forward.run(inputs, { taps });
    for (const { data } of Object.values(first)) data.fill(7);
    expect((await forward.run(inputs, { taps, into: first }))[taps[0]!]).toEqual(inputs[name]);
  }
});
