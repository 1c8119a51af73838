import { GraphBuilder } from '#graph/onnx/build.ts';
import { openSession } from '#graph/session.ts';
import { f32 } from '#graph/tensor.ts';
import type { Device } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { ruleOf } from './activation/index.ts';
import { prepare } from './input.ts';
import { SparseBuilder, type SparseRows, toDense } from './sparse.ts';
import type { Sae } from './types.ts';

/** A dictionary's encoder, open on a device. `x` is `[tokens, d]` in the model's own units. */
export interface Encoder {
  /** `[tokens, n]` */
  encode(x: Float32Array, tokens: number): Promise<Float32Array>;
  /** The positive entries of the same matrix. */
  encodeSparse(x: Float32Array, tokens: number): Promise<SparseRows>;
  /** `z [tokens, n]`, before the activation function. */
  preacts(x: Float32Array, tokens: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Entries of the dense matrix that one run of the session gives; bounds its memory to 64 MiB. */
const CHUNK = 2 ** 24;

/** Opens the encoder as one dense product in ONNX Runtime; the choice of entries follows in TypeScript. */
export async function createEncoder(sae: Sae, options: { device?: Device; threads?: number } = {}): Promise<Encoder> {
  const rule = ruleOf(sae);
  const { d, n } = sae;
  const g = new GraphBuilder();
  const y = g.input('y', 'float32', ['tokens', d]);
  const product = g.op('MatMul', [y, g.constant(f32(sae.wEnc, [d, n]))]);
  g.output(g.op('Add', [product, g.constant(f32(sae.bEnc))]), 'z', 'float32', ['tokens', n]);
  const session = await openSession(g.toBytes(), options);
  const rows = Math.max(1, Math.floor(CHUNK / n));

  async function* chunks(x: Float32Array, tokens: number): AsyncGenerator<{ from: number; z: Float32Array }> {
    if (x.length !== tokens * d)
      throw new ParallaxError(
        `dictionary of width ${d}: ${x.length} numbers are not ${tokens} tokens of that width`,
        'give activations of the layer and model that the dictionary was trained on',
      );
    for (let from = 0; from < tokens; from += rows) {
      const to = Math.min(tokens, from + rows);
      const { y: data } = prepare(sae, x.subarray(from * d, to * d));
      const out = await session.run({ y: f32(data, [to - from, d]) });
      yield { from, z: out['z']!.data as Float32Array };
    }
  }

  async function encodeSparse(x: Float32Array, tokens: number): Promise<SparseRows> {
    const out = new SparseBuilder();
    for await (const { z } of chunks(x, tokens))
      for (let at = 0; at < z.length; at += n) {
        rule.select(z.subarray(at, at + n), sae, out);
        out.endRow();
      }
    return out.finish();
  }

  return {
    encodeSparse,
    async encode(x, tokens) {
      return toDense(await encodeSparse(x, tokens), n);
    },
    async preacts(x, tokens) {
      const out = new Float32Array(tokens * n);
      for await (const { from, z } of chunks(x, tokens)) out.set(z, from * n);
      return out;
    },
    close: () => session.close(),
  };
}
