import { f32 } from '#graph/tensor.ts';
import { type Kit, type Named, need } from './kit.ts';
import type { DecoderShape } from './shapes.ts';

/** Largest position that a training graph knows, as in the exported models' caches. */
export const MAX_POSITIONS = 512;
const HIDDEN = -1e9;

/** Fixed sizes of a batch. */
export interface Extent {
  readonly rows: number;
  readonly length: number;
}

/** Cosines and sines of rotary positions, `[positions, dHead/2]` each (Su et al. 2021, halves rotated). */
export function rotaryTables(shape: DecoderShape, positions = MAX_POSITIONS) {
  const half = shape.dHead / 2;
  const table = (f: (x: number) => number) =>
    Float32Array.from({ length: positions * half }, (_, at) => {
      const [pos, i] = [Math.floor(at / half), at % half];
      return f(pos * shape.ropeTheta ** ((-2 * i) / shape.dHead));
    });
  return { cos: f32(table(Math.cos), [positions, half]), sin: f32(table(Math.sin), [positions, half]) };
}

/**
 * Additive mask `[rows, 1, length, length]`: a position sees those before it of its own document whose turn is 0 (the context:
 * picture or text) or its own. So questions about one context are each answered from the context alone, in one pass.
 *
 * @param document int64 `[rows, length]`
 * @param turn int64 `[rows, length]`
 */
export function turnMask(k: Kit, { rows, length }: Extent, document: string, turn: string): string {
  const column = (x: string) => k.reshape(x, rows, 1, length, 1);
  const row = (x: string) => k.reshape(x, rows, 1, 1, length);
  const zero = k.g.constant({ type: 'int64', dims: [], data: BigInt64Array.of(0n) });
  const same = k.g.op('Equal', [column(document), row(document)]);
  const near = k.g.op('Or', [k.g.op('Equal', [row(turn), zero]), k.g.op('Equal', [column(turn), row(turn)])]);
  const causal = new Uint8Array(length * length);
  for (let i = 0; i < length; i += 1) causal.fill(1, i * length, i * length + i + 1);
  const before = k.g.constant({ type: 'bool', dims: [1, 1, length, length], data: causal });
  const seen = k.g.op('And', [k.g.op('And', [same, near]), before]);
  return k.g.op('Where', [seen, k.scalar(0), k.scalar(HIDDEN)]);
}

const rms = (k: Kit, x: string, weight: string, eps: number) =>
  k.g.op('SimplifiedLayerNormalization', [x, weight], { axis: -1, epsilon: { float: eps }, stash_type: 1 });

interface Attended {
  readonly out: string;
  /** `[rows, heads, length, length]` */
  readonly pattern: string;
}

function attention(k: Kit, s: DecoderShape, e: Extent, p: Named, at: string, x: string, tables: Tables): Attended {
  const [group, width] = [s.heads / s.kvHeads, s.dHead];
  const turned = (y: string, heads: number) =>
    k.g.op(
      'RotaryEmbedding',
      [k.reshape(y, e.rows, e.length, heads * width), tables.positions, tables.cos, tables.sin],
      { num_heads: heads, rotary_embedding_dim: 0 },
      'com.microsoft',
    );
  const project = (name: string) => k.linear(x, need(p, `${at}.${name}_proj.weight`));
  const q = k.transpose(
    k.reshape(turned(k.times(project('q'), width ** -0.5), s.heads), e.rows, e.length, s.kvHeads, group, width),
    ...[0, 2, 3, 1, 4],
  );
  const key = k.transpose(k.reshape(turned(project('k'), s.kvHeads), e.rows, e.length, s.kvHeads, width), 0, 2, 3, 1);
  const value = k.transpose(k.reshape(project('v'), e.rows, e.length, s.kvHeads, width), 0, 2, 1, 3);
  // the heads of a group share keys: they are rows of one product
  const long = k.reshape(q, e.rows, s.kvHeads, group * e.length, width);
  const scores = k.reshape(k.matmul(long, key), e.rows, s.heads, e.length, e.length);
  const pattern = k.softmax(k.add(scores, tables.mask));
  const mixed = k.matmul(k.reshape(pattern, e.rows, s.kvHeads, group * e.length, e.length), value);
  const z = k.transpose(k.reshape(mixed, e.rows, s.kvHeads, group, e.length, width), 0, 3, 1, 2, 4);
  const flat = k.reshape(z, e.rows * e.length, s.heads * width);
  return { out: k.linear(flat, need(p, `${at}.o_proj.weight`)), pattern };
}

interface Tables {
  /** int64 `[rows, length]` */
  readonly positions: string;
  readonly cos: string;
  readonly sin: string;
  readonly mask: string;
}

export interface DecoderInputs {
  /** `[rows * length, d]` */
  readonly embeds: string;
  /** int64 `[rows, length]` */
  readonly positions: string;
  readonly mask: string;
}

export interface Decoded {
  /** Before the final norm, `[rows * length, d]`. */
  readonly stream: string;
  /** Attention of each layer, `[rows, heads, length, length]`. */
  readonly patterns: readonly string[];
}

/** The blocks of a decoder; parameters by Hugging Face's names. */
export function decoder(k: Kit, s: DecoderShape, e: Extent, p: Named, inputs: DecoderInputs): Decoded {
  const { cos, sin } = rotaryTables(s);
  const tables = {
    positions: inputs.positions,
    cos: k.g.constant(cos),
    sin: k.g.constant(sin),
    mask: inputs.mask,
  };
  let x = inputs.embeds;
  const patterns: string[] = [];
  for (let layer = 0; layer < s.layers; layer += 1) {
    const at = `model.layers.${layer}`;
    const heads = rms(k, x, need(p, `${at}.input_layernorm.weight`), s.eps);
    const { out, pattern } = attention(k, s, e, p, `${at}.self_attn`, heads, tables);
    patterns.push(pattern);
    x = k.add(x, out);
    const h = rms(k, x, need(p, `${at}.post_attention_layernorm.weight`), s.eps);
    const gate = k.linear(h, need(p, `${at}.mlp.gate_proj.weight`));
    const up = k.linear(h, need(p, `${at}.mlp.up_proj.weight`));
    const act = k.mul(k.mul(gate, k.g.op('Sigmoid', [gate])), up);
    x = k.add(x, k.linear(act, need(p, `${at}.mlp.down_proj.weight`)));
  }
  return { stream: x, patterns };
}

/** Logits `[n, vocab]` of rows of the stream: final norm and tied embeddings. `rows` is int64 `[n]`. */
export function unembed(k: Kit, s: DecoderShape, p: Named, stream: string, rows: string): string {
  const h = rms(k, k.gather(stream, rows), need(p, 'model.norm.weight'), s.eps);
  return k.linear(h, need(p, 'model.embed_tokens.weight'));
}
