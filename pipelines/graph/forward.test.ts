import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Forward, openForward } from './forward.ts';
import { f32, i64, type Tensor } from './tensor.ts';
import { type DecoderStyle, SIZES, testDecoder } from './testing/decoder.ts';
import type { Intervention } from './types.ts';

const { layers, dModel, heads, dHead, vocab } = SIZES;
const ids = (batch: number, pos: number, seed = 3): Tensor =>
  i64(
    Array.from({ length: batch * pos }, (_, i) => ((i + 1) * seed * 7) % vocab),
    [batch, pos],
  );
const numbers = (t: Tensor) => Array.from(t.data as Float32Array);
const close = (a: Tensor, b: Tensor, tolerance = 1e-5) => {
  expect(a.dims).toEqual(b.dims);
  const [x, y] = [numbers(a), numbers(b)];
  const scale = Math.max(...y.map(Math.abs), 1e-6);
  expect(Math.max(...x.map((v, i) => Math.abs(v - y[i]!))) / scale).toBeLessThan(tolerance);
};
const differs = (a: Tensor, b: Tensor) => expect(numbers(a)).not.toEqual(numbers(b));
const sum = (a: Tensor, b: Tensor): Tensor<'float32'> =>
  f32(
    numbers(a).map((x, i) => x + numbers(b)[i]!),
    a.dims,
  );

const PAIRS: Record<string, Omit<DecoderStyle, 'ops'>> = {
  llama: { norm: 'rms' },
  'packed, soft-capped, post-norms': { norm: 'rms', packed: true, softcap: 3, postNorm: true },
  'norms of heads': { norm: 'rms', headNorm: true },
  'parallel, learned positions': { norm: 'layer', parallel: true, packed: true, learnedPositions: true },
};

for (const [name, style] of Object.entries(PAIRS))
  describe(`plain and fused graphs of one model: ${name}`, () => {
    let plain: Forward;
    let fused: Forward;
    beforeAll(async () => {
      plain = await openForward(testDecoder({ ...style, ops: 'plain' }));
      fused = await openForward(testDecoder({ ...style, ops: 'fused' }));
    });
    afterAll(() => Promise.all([plain.close(), fused.close()]));

    it('give the same values at every site, inside the fused attention too', async () => {
      const inputs = { tokens: ids(2, 6) };
      const taps = plain.anatomy.sites;
      expect(fused.anatomy.sites).toEqual(taps);
      const [a, b] = [await plain.run(inputs, { taps }), await fused.run(inputs, { taps })];
      for (const site of taps) close(a[site]!, b[site]!);
    });

    it('add up: after = before + updates', async () => {
      const taps = fused.anatomy.sites;
      const v = await fused.run({ tokens: ids(1, 5) }, { taps });
      for (let l = 0; l < layers; l += 1) {
        const at = (x: string) => v[`blocks.${l}.hook_${x}`]!;
        const mid = sum(at('resid_pre'), at('attn_out'));
        if (!style.parallel) close(at('resid_mid'), mid);
        close(at('resid_post'), sum(mid, at('mlp_out')));
      }
    });

    it('change alike', async () => {
      const value = f32(Float32Array.from({ length: dModel }, (_, i) => Math.sin(i)));
      const interventions: Intervention[] = [
        { at: 'blocks.0.attn.hook_z', op: 'zero', head: 1, positions: [0, 4] },
        { at: 'blocks.0.attn.hook_pattern', op: 'scale', head: 0, factor: 0.5 },
        { at: 'blocks.0.attn.hook_v', op: 'scale', positions: [2], factor: 3 },
        { at: 'blocks.0.hook_attn_out', op: 'project_out', value },
        { at: 'blocks.0.hook_resid_post', op: 'add', value, factor: 2, positions: [1, 2] },
        { at: 'blocks.1.hook_resid_pre', op: 'scale', factor: 0.5 },
        { at: 'blocks.1.hook_mlp_out', op: 'set', value: f32([0.25]), positions: [3] },
      ];
      const taps = plain.anatomy.sites;
      const inputs = { tokens: ids(2, 6) };
      const [a, b] = [
        await plain.run(inputs, { taps, interventions }),
        await fused.run(inputs, { taps, interventions }),
      ];
      for (const site of taps) close(a[site]!, b[site]!);
      differs(b['logits']!, (await fused.run(inputs))['logits']!);
    });
  });

describe('interventions', () => {
  let forward: Forward;
  beforeAll(async () => {
    forward = await openForward(testDecoder({ ops: 'fused', norm: 'rms' }));
  });
  afterAll(() => forward.close());
  const inputs = { tokens: ids(2, 5) };

  it('at the end of a block and at the start of the next are two taps of one value', async () => {
    const [post, pre] = ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_pre'];
    const at = (site: string) =>
      forward.run(inputs, { taps: [post, pre, 'logits'], interventions: [{ at: site, op: 'scale', factor: 2 }] });
    const clean = await forward.run(inputs, { taps: [post] });
    const [first, second] = [await at(post), await at(pre)];
    close(first[post]!, sum(clean[post]!, clean[post]!));
    close(first[pre]!, first[post]!);
    close(second[post]!, clean[post]!);
    close(second[pre]!, first[pre]!);
    close(second['logits']!, first['logits']!);
  });

  it('act in the order given, with any number of them in one session', async () => {
    const at = 'blocks.1.attn.hook_z';
    const one = f32([1]);
    const run = async (...list: Omit<Intervention, 'at'>[]) =>
      (await forward.run(inputs, { taps: [at], interventions: list.map((i) => ({ at, ...i })) }))[at]!;
    expect(numbers(await run({ op: 'set', value: one }, { op: 'scale', factor: 3 })).every((x) => x === 3)).toBe(true);
    expect(numbers(await run({ op: 'scale', factor: 3 }, { op: 'set', value: one })).every((x) => x === 1)).toBe(true);
    const clean = await run();
    const both = await run({ op: 'zero', head: 0 }, { op: 'zero', head: 1, positions: [2] });
    numbers(both).forEach((x, i) => {
      const head = Math.floor(i / dHead) % heads;
      const pos = Math.floor(i / (dHead * heads)) % 5;
      expect(x).toBeCloseTo(head === 0 || pos === 2 ? 0 : numbers(clean)[i]!, 6);
    });
    const opened = forward.sessions.size;
    await run({ op: 'zero', head: 1 });
    await run({ op: 'scale', factor: 0.1, positions: [0, 1] }, { op: 'zero', head: 0, positions: [4] });
    expect(forward.sessions.size).toBe(opened);
  });

  it('select and broadcast as NumPy does', async () => {
    const at = 'blocks.0.attn.hook_z';
    const clean = numbers((await forward.run(inputs, { taps: [at] }))[at]!);
    const subset = (n: number) => fc.option(fc.uniqueArray(fc.nat(n - 1), { minLength: 1 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.option(fc.nat(heads - 1), { nil: undefined }),
        subset(5),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        async (head, positions, thin) => {
          const slice = [2, positions?.length ?? 5, ...(head === undefined ? [heads] : []), dHead];
          const dims = slice.map((d, i) => (thin[i] ? 1 : d));
          const value = f32(
            Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => i + 1),
            dims,
          );
          const chosen = { ...(head === undefined ? {} : { head }), ...(positions ? { positions } : {}) };
          const got = numbers(
            (await forward.run(inputs, { taps: [at], interventions: [{ at, op: 'set', value, ...chosen }] }))[at]!,
          );
          for (let b = 0; b < 2; b += 1)
            for (let p = 0; p < 5; p += 1)
              for (let h = 0; h < heads; h += 1)
                for (let d = 0; d < dHead; d += 1) {
                  const i = ((b * 5 + p) * heads + h) * dHead + d;
                  const n = positions ? positions.indexOf(p) : p;
                  if (n < 0 || (head !== undefined && h !== head)) expect(got[i]).toBe(clean[i]);
                  else {
                    const index = [b, n, ...(head === undefined ? [h] : []), d];
                    const from = index.reduce((a, x, k) => a * dims[k]! + (dims[k] === 1 ? 0 : x), 0);
                    expect(got[i]).toBe(from + 1);
                  }
                }
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each<[string, Partial<Intervention>, string, RegExp]>([
    ['an unknown site', { at: 'blocks.0.hook_resid_pst' }, 'not-found', /no site/],
    ['a layer that is not there', { at: 'blocks.40.hook_resid_post' }, 'not-found', /layers 0-1/],
    ['a head that is not there', { at: 'blocks.0.attn.hook_z', head: 7 }, 'argument', /heads 0-1, not 7/],
    ['a head of the stream', { head: 0 }, 'argument', /no heads/],
    ['a position that is not there', { positions: [5] }, 'argument', /position 5/],
    ['no value', { op: 'add' }, 'argument', /needs a value/],
    ['no factor', { op: 'scale' }, 'argument', /needs a factor/],
    ['a value that does not fit', { op: 'set', value: f32([1, 2, 3]) }, 'shape', /does not broadcast/],
    ['a zero direction', { op: 'project_out', value: f32(new Float32Array(dModel)) }, 'argument', /zero vector/],
  ])('refuse %s', async (_, change, code, message) => {
    const intervention = { at: 'blocks.0.hook_resid_post', op: 'zero', ...change } as Intervention;
    await expect(forward.run(inputs, { interventions: [intervention] })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('inputs', () => {
  let forward: Forward;
  beforeAll(async () => {
    forward = await openForward('fixtures/demo/base/onnx/model.onnx');
  });
  afterAll(() => forward.close());
  const row = [5, 17, 300, 41, 9, 77];

  it('are filled in: mask, positions, empty past', async () => {
    const tokens = i64(row, [1, 6]);
    const bare = await forward.run({ input_ids: tokens });
    const given = await forward.run({
      input_ids: tokens,
      attention_mask: i64([1, 1, 1, 1, 1, 1], [1, 6]),
      position_ids: i64([0, 1, 2, 3, 4, 5], [1, 6]),
    });
    expect(numbers(bare['logits']!)).toEqual(numbers(given['logits']!));
  });

  it('may be padded on either side', async () => {
    const site = 'blocks.3.hook_resid_post';
    const whole = (await forward.run({ input_ids: i64(row, [1, 6]) }, { taps: [site] }))[site]!;
    const padded = i64([...row, 0, 0, 0, 0, ...row], [2, 8]);
    const mask = i64([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], [2, 8]);
    const both = (await forward.run({ input_ids: padded, attention_mask: mask }, { taps: [site] }))[site]!;
    const width = forward.anatomy.dModel;
    const part = (from: number) => f32(numbers(both).slice(from * width, (from + 6) * width), whole.dims);
    close(part(0), whole, 1e-4);
    close(part(10), whole, 1e-4);
  });

  it.each([
    ['none', {}, 'argument', /"input_ids" is missing/],
    ['an unknown one', { input_ids: i64(row, [1, 6]), pixels: f32([1]) }, 'argument', /no input "pixels"/],
    ['of the wrong rank', { input_ids: i64(row) }, 'shape', /shape \[6\]/],
    ['an empty one', { input_ids: i64([], [1, 0]) }, 'shape', /shape \[1,0\]/],
    ['a mask of another length', { input_ids: i64(row, [1, 6]), attention_mask: i64([1, 1], [1, 2]) }, 'shape', /./],
  ])('refuse %s', async (_, given, code, message) => {
    await expect(forward.run(given)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
