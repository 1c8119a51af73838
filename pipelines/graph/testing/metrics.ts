import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRandomDecoder } from '../bench/random-decoder.ts';
import { openDecoder } from '../decoder.ts';
import { noise } from '../grad/testing/finite.ts';
import { f32, i64, type Tensor } from '../tensor.ts';
import type { Decoder, DecoderInputs, Metric, OpenOptions, Site } from '../types.ts';

const FIXTURES = new URL('../../../fixtures/demo/', import.meta.url).pathname;
/** Sizes of the runs that tests make, and the layer that metrics read. */
export const [BATCH, POS, K] = [2, 6, 3];
export const LAYER = 1;
export const z = (layer: number): Site => `blocks.${layer}.attn.hook_z`;

/** Inputs that look random, the same for the same seed. */
export const tokens = ({ anatomy }: Decoder, seed: number): DecoderInputs => {
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
/** K metrics that read some positions of each sequence. */
export const metricOf = (
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
export function evaluate({ direction, bias, mask, activation }: Metric, x: Tensor<'float32'>): number[] {
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
export function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  const scale = Array.from(expected).reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
  return Array.from(got).reduce(
    (m, x, i) => Math.max(m, Math.abs(x - expected[i]!) / scale),
    got.length === expected.length ? 0 : 1,
  );
}

/** Three kinds of decoder: fused with packed heads (written into `folder`), fused from embeddings, and plain. */
export const DECODERS: Readonly<Record<string, (folder: string, options?: OpenOptions) => Promise<Decoder>>> = {
  'fused operators, packed heads': async (folder, options) => {
    const sizes = { layers: 3, dModel: 64, dMlp: 48, heads: 4, kvHeads: 2, vocab: 64, context: 32 };
    return openDecoder(await writeRandomDecoder(folder, sizes), options);
  },
  'fused operators, from embeddings': (_, options) =>
    openDecoder(`${FIXTURES}tuned/onnx/decoder_model_merged.onnx`, options),
  'plain operators': (_, options) => openDecoder(`${FIXTURES}base/onnx/model.onnx`, options),
};

/** A folder for the time of a test file. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'parallax-graph-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
