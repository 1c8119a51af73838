import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '#pipelines/data/random.ts';
import { largest } from './activation/topk.ts';
import { reconstruct } from './decode.ts';
import { createEncoder } from './encode.ts';
import type { Sae } from './types.ts';

const draw = (length: number, ...seed: (string | number)[]) => {
  const source = random(...seed);
  return Float32Array.from({ length }, () => source.normal());
};

const sae = (over: Partial<Sae> = {}): Sae => ({
  d: 2,
  n: 3,
  activation: 'relu',
  scale: 1,
  applyBDec: false,
  wEnc: new Float32Array(6).fill(1),
  bEnc: new Float32Array(3),
  wDec: new Float32Array(6).fill(1),
  bDec: new Float32Array(2),
  ...over,
});

async function encode(dictionary: Sae, x: Float32Array) {
  const encoder = await createEncoder(dictionary);
  try {
    return await encoder.encode(x, x.length / dictionary.d);
  } finally {
    await encoder.close();
  }
}

test('JumpReLU, by hand: thresholds 1, .5, .25 on z = .6', async () => {
  const f = await encode(
    sae({ activation: 'jumprelu', threshold: Float32Array.of(1, 0.5, 0.25) }),
    Float32Array.of(0.3, 0.3),
  );
  expect([...f].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 0.6, 0.6]);
});

test('JumpReLU is strict on its threshold', async () => {
  const dictionary = sae({
    ...{ d: 1, n: 5, activation: 'jumprelu', wEnc: Float32Array.of(-1, 0.5, 1, 1.5, 2), bEnc: new Float32Array(5) },
    ...{ wDec: new Float32Array(5), bDec: new Float32Array(1), threshold: Float32Array.of(1, 0.5, 1.5, 2, 0.8) },
  });
  expect([...(await encode(dictionary, Float32Array.of(1)))]).toEqual([0, 0, 0, 0, 2]);
});

test('TopK, by hand, and only what is positive', async () => {
  const dictionary = sae({
    ...{ d: 1, n: 4, activation: 'topk', k: 2, wEnc: Float32Array.of(1, 5, 3, 2), bEnc: new Float32Array(4) },
    ...{ wDec: new Float32Array(4), bDec: new Float32Array(1) },
  });
  expect([...(await encode(dictionary, Float32Array.of(1)))]).toEqual([0, 5, 3, 0]);
  expect([...(await encode(dictionary, Float32Array.of(-1)))]).toEqual([0, 0, 0, 0]);
});

test('the k largest are those that sorting gives', () => {
  const numbers = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 70 }), (values, k) => {
      const z = Float32Array.from(values);
      const sorted = [...z.keys()].sort((a, b) => z[b]! - z[a]! || a - b).slice(0, k);
      expect([...largest(z, k)]).toEqual(sorted.sort((a, b) => a - b));
    }),
  );
});

test('pre-activations, dense and sparse entries agree with the formula; reconstruction undoes scale and token norm', async () => {
  for (const norm of [undefined, 'layer', 'constant'] as const) {
    const dictionary: Sae = {
      ...{ d: 4, n: 6, activation: 'relu', scale: 0.7, applyBDec: true, wEnc: draw(24, 1), bEnc: draw(6, 2) },
      ...{ wDec: draw(24, 3), bDec: draw(4, 4), ...(norm ? { norm } : {}) },
    };
    const x = draw(20, 5);
    const encoder = await createEncoder(dictionary);
    const z = await encoder.preacts(x, 5);
    const f = await encoder.encodeSparse(x, 5);
    const dense = await encoder.encode(x, 5);
    const back = reconstruct(dictionary, x, f);
    await encoder.close();
    for (let t = 0; t < 5; t += 1) {
      const row = [...x.subarray(t * 4, t * 4 + 4)];
      const mean = norm === 'layer' ? row.reduce((a, b) => a + b) / 4 : 0;
      const squares = row.reduce((s, v) => s + (v - mean) ** 2, 0);
      const s = norm === 'layer' ? Math.sqrt(squares / 3) : norm ? Math.sqrt(squares / 4) : 1;
      const u = row.map((v) => (0.7 * (v - mean)) / (s + (norm === 'layer' ? 1e-5 : 0)));
      for (let i = 0; i < 6; i += 1) {
        const want = u.reduce(
          (sum, v, j) => sum + (v - dictionary.bDec[j]!) * dictionary.wEnc[j * 6 + i]!,
          dictionary.bEnc[i]!,
        );
        expect(z[t * 6 + i]).toBeCloseTo(want, 4);
        expect(dense[t * 6 + i]).toBeCloseTo(Math.max(0, want), 4);
      }
      for (let j = 0; j < 4; j += 1) {
        let want = dictionary.bDec[j]!;
        for (let i = 0; i < 6; i += 1) want += dense[t * 6 + i]! * dictionary.wDec[i * 4 + j]!;
        expect(back[t * 4 + j]).toBeCloseTo((want / 0.7) * s + mean, 4);
      }
    }
  }
});

test('a wrong width is refused with the width', async () => {
  const encoder = await createEncoder(sae());
  await expect(encoder.encode(new Float32Array(3), 1)).rejects.toThrow(/width 2/);
  await encoder.close();
});
