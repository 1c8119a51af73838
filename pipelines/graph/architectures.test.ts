import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as ort from '#ort';
import { openDecoder } from './decoder.ts';
import { openSession } from './session.ts';
import { f32, i64, type Tensor } from './tensor.ts';
import { type DecoderStyle, SIZES, testDecoder } from './testing/decoder.ts';
import { inHalf, roundedToHalf } from './testing/half.ts';
import { distance, metricOf, temporaryFolder, z } from './testing/metrics.ts';
import type { Decoder, Intervention, Site } from './types.ts';

type Architecture = Omit<DecoderStyle, 'ops'>;
const LLAMA: Architecture = { norm: 'rms', rotary: true, mlp: 'silu' };

/** What tells the architectures apart, in small. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  Llama: LLAMA,
  Mistral: { ...LLAMA, window: 3 },
  Qwen2: { ...LLAMA, bias: 'qkv' },
  Qwen3: { ...LLAMA, headNorm: true },
  'Gemma 2': { ...LLAMA, postNorm: true, softcap: 4, window: 4, mlp: 'gelu' },
  'Phi-3': { ...LLAMA, packed: true },
  'GPT-2': { norm: 'layer', learnedPositions: true, packed: true, bias: 'all', mlp: 'gelu' },
  'GPT-NeoX': { norm: 'layer', rotary: true, parallel: true, packed: true, bias: 'all', mlp: 'gelu' },
};

/** The runtime's own optimiser, which fuses what it finds. */
type Level = 'basic' | 'extended' | 'all';
async function optimised(bytes: Uint8Array, folder: string, level: Level): Promise<Uint8Array> {
  const path = join(folder, 'optimised.onnx');
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: level,
    optimizedModelFilePath: path,
    logSeverityLevel: 4,
  });
  await session.release();
  const made = await readFile(path);
  await rm(path);
  return made;
}

const fused = (style: Architecture) => testDecoder({ ...style, ops: 'fused' });
const plain = (style: Architecture) => testDecoder({ ...style, ops: 'plain' });
const standard = (style: Architecture) => testDecoder({ ...style, ops: 'standard' });

/** How each exporter writes a decoder. */
const EXPORTERS: Readonly<Record<string, (style: Architecture, folder: string) => Uint8Array | Promise<Uint8Array>>> = {
  'plain operators': plain,
  'fused operators': fused,
  'operators of opset 23': standard,
  'plain, optimised: basic': (style, folder) => optimised(plain(style), folder, 'basic'),
  'plain, optimised: extended': (style, folder) => optimised(plain(style), folder, 'extended'),
  'fused, optimised: extended': (style, folder) => optimised(fused(style), folder, 'extended'),
  'opset 23, optimised: extended': (style, folder) => optimised(standard(style), folder, 'extended'),
};

const [BATCH, POS] = [2, 6];
const tokens: Tensor = i64(
  Array.from({ length: BATCH * POS }, (_, i) => (i * 7 + 3) % SIZES.vocab),
  [BATCH, POS],
);
const mask: Tensor = i64(Array(BATCH * POS).fill(1), [BATCH, POS]);
/** Two float32 computations of the same decoder in another order. */
const TOLERANCE = 2e-5;
const WRT: readonly Site[] = [z(0), z(1), 'blocks.0.attn.hook_pattern', 'blocks.0.hook_resid_pre'];
const INTERVENTIONS: readonly Intervention[] = [
  { at: z(0), op: 'zero', head: 1, positions: [1, 3] },
  { at: 'blocks.0.attn.hook_pattern', op: 'scale', head: 0, factor: 0.5 },
  { at: 'blocks.0.hook_resid_post', op: 'add', value: f32([0.5]), positions: [2] },
  { at: 'blocks.1.hook_attn_out', op: 'set', value: f32([0.25]), positions: [0] },
  { at: 'blocks.1.hook_mlp_out', op: 'project_out', value: f32(Array(SIZES.dModel).fill(1)) },
];

/** A decoder holds what another one does: sites, values at every site with interventions and without, gradients. */
async function agree(decoder: Decoder, reference: Decoder): Promise<void> {
  const { layers, dModel, heads, kvHeads, dHead, vocab } = SIZES;
  expect(decoder.anatomy).toMatchObject({ layers, dModel, heads, kvHeads, dHead, vocab });
  const [taps, known] = [decoder.anatomy.sites, reference.anatomy.sites];
  // queries, keys and values before what an optimiser has merged
  expect(known.filter((site) => !taps.includes(site) && !/attn\.hook_[qkv]$/.test(site))).toEqual([]);
  const shared = taps.filter((site) => known.includes(site));
  for (const interventions of [[], INTERVENTIONS]) {
    const options = { taps: shared, interventions };
    const [values, expected] = [await decoder.run({ tokens }, options), await reference.run({ tokens }, options)];
    for (const site of shared) {
      expect(values[site]!.dims, site).toEqual(expected[site]!.dims);
      expect(distance(values[site]!.data, expected[site]!.data), site).toBeLessThan(TOLERANCE);
    }
  }
  const metric = metricOf(decoder, 'relu');
  const [got, wanted] = [
    await decoder.gradient({ tokens }, metric, WRT),
    await reference.gradient({ tokens }, metric, WRT),
  ];
  for (const site of WRT)
    expect(distance(got.grads[site]!.data, wanted.grads[site]!.data), `gradient ${site}`).toBeLessThan(10 * TOLERANCE);
}

describe.each(Object.keys(ARCHITECTURES))('%s', (architecture) => {
  const style = ARCHITECTURES[architecture]!;
  for (const bits of [undefined, 8, 4] as const)
    describe(`weights of ${bits ?? 32} bits`, () => {
      const stored: Architecture = { ...style, ...(bits ? { bits } : {}) };
      let folder: Awaited<ReturnType<typeof temporaryFolder>>;
      let reference: Decoder;
      beforeAll(async () => {
        folder = await temporaryFolder();
        reference = await openDecoder(plain(stored));
      });
      afterAll(() => Promise.all([folder.remove(), reference.close()]));

      it.each(Object.keys(EXPORTERS))('%s', async (exporter) => {
        const bytes = await EXPORTERS[exporter]!(stored, folder.path);
        const decoder = await openDecoder(bytes);
        try {
          await agree(decoder, reference);
          // what the file gives by the runtime alone
          const file = await openSession(bytes);
          const { logits } = await file.run({ tokens, mask });
          await file.close();
          const own = await decoder.run({ tokens });
          expect(distance(own['logits']!.data, logits!.data as Float32Array)).toBeLessThan(TOLERANCE);
        } finally {
          await decoder.close();
        }
      });
    });

  it.each(Object.entries({ plain, fused, standard }))('%s operators in half precision', async (_, make) => {
    const [decoder, reference] = [
      await openDecoder(inHalf(make(style))),
      await openDecoder(roundedToHalf(make(style))),
    ];
    await agree(decoder, reference);
    await Promise.all([decoder.close(), reference.close()]);
  });
});
