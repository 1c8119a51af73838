import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, StringStringEntryProtoSchema, TensorProto_DataLocation, TensorProtoSchema } from 'onnx-buf';
import { GraphBuilder } from '../onnx/build.ts';
import { f32, i64, sizeOf } from '../tensor.ts';

/** Sizes of a Llama-like decoder. */
export interface DecoderShape {
  readonly layers: number;
  readonly dModel: number;
  readonly dMlp: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
  readonly context: number;
}

/** SmolLM2-135M (Ben Allal et al. 2025). */
export const SMOLLM2: DecoderShape = {
  layers: 30,
  dModel: 576,
  dMlp: 1536,
  heads: 9,
  kvHeads: 3,
  vocab: 49152,
  context: 2048,
};

/** The small decoder that the peers' scripts time. */
export const PEERS: DecoderShape = {
  layers: 6,
  dModel: 128,
  dMlp: 352,
  heads: 8,
  kvHeads: 4,
  vocab: 1024,
  context: 512,
};

const WEIGHTS = 'weights.bin';
/** Floats drawn anew; the weights are cuts of this stretch, each from another place. */
const POOL = 2 ** 22;

/** Numbers of about unit variance by a linear congruential generator: fast, and the same on every machine. */
function noisePool(): Float32Array {
  const pool = new Float32Array(POOL);
  let state = 12345;
  for (let i = 0; i < POOL; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    pool[i] = (state / 2 ** 31) * Math.sqrt(3);
  }
  return pool;
}

/** Weights written behind each other into an external data file. */
class WeightFile {
  readonly #parts: Float32Array[] = [];
  readonly #pool = noisePool();
  #bytes = 0;
  #count = 0;

  /** A random matrix of standard deviation `1/sqrt(rows)`, or of ones where `rows` is 1. */
  tensor(name: string, dims: readonly number[]) {
    const size = sizeOf(dims);
    const data = new Float32Array(size);
    const [rows] = dims as [number];
    this.#count += 7919;
    if (dims.length === 1) data.fill(1);
    else
      for (let at = 0; at < size; at += POOL - this.#count) {
        const from = this.#pool.subarray(this.#count, Math.min(POOL, this.#count + size - at));
        data.set(from, at);
      }
    if (dims.length > 1) for (let i = 0; i < size; i += 1) data[i]! /= Math.sqrt(rows);
    const entry = { location: WEIGHTS, offset: String(this.#bytes), length: String(4 * size) };
    this.#parts.push(data);
    this.#bytes += 4 * size;
    return create(TensorProtoSchema, {
      name,
      dims: dims.map(BigInt),
      dataType: 1,
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: Object.entries(entry).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
    });
  }

  async write(folder: string): Promise<void> {
    const file = await open(join(folder, WEIGHTS), 'w');
    try {
      for (const part of this.#parts) await file.write(new Uint8Array(part.buffer));
    } finally {
      await file.close();
    }
  }
}

/** Cosines and sines of rotary positions, `[context, dHead / 2]`. */
function tables({ context, dModel, heads }: DecoderShape): [Float32Array, Float32Array] {
  const half = dModel / heads / 2;
  const angles = Float32Array.from(
    { length: context * half },
    (_, i) => Math.floor(i / half) * 10000 ** (-(i % half) / half),
  );
  return [angles.map(Math.cos), angles.map(Math.sin)];
}

const EPSILON = { epsilon: { float: 1e-5 } };

/**
 * Writes a decoder of random weights as the onnxruntime-genai builder lays one out: fused attention and norms, tied unembedding,
 * weights in an external file.
 * @returns path of the model
 */
export async function writeRandomDecoder(folder: string, shape: DecoderShape): Promise<string> {
  const { layers, dModel, dMlp, heads, kvHeads, vocab, context } = shape;
  const dHead = dModel / heads;
  const g = new GraphBuilder({ prefix: 'v', domains: { 'com.microsoft': 1 } });
  const file = new WeightFile();
  const weight = (name: string, ...dims: number[]) => {
    g.initializers.push(file.tensor(name, dims));
    return name;
  };
  const ids = g.input('input_ids', 'int64', ['batch_size', 'sequence_length']);
  const mask = g.input('attention_mask', 'int64', ['batch_size', 'total_sequence_length']);
  const [cos, sin] = tables(shape).map((t, i) =>
    g.constant(f32(t, [context, dHead / 2]), ['cos_cache', 'sin_cache'][i]),
  );
  const sum = g.op('ReduceSum', [mask, g.constant(i64([1]))], { keepdims: 0 });
  const ends = g.op('Cast', [g.op('Sub', [sum, g.constant(i64([1]))])], { to: 6 });
  const total = g.op('Cast', [g.op('Gather', [g.op('Shape', [mask]), g.constant(i64([1], []))], { axis: 0 })], {
    to: 6,
  });
  const table = weight('embed', vocab, dModel);
  let stream = g.op('Gather', [table, ids], { axis: 0 });
  let normed = g.op('SimplifiedLayerNormalization', [stream, weight('norm.first', dModel)], { axis: -1, ...EPSILON });
  const skip = (added: string, name: string) => {
    const out = g.ops(
      'SkipSimplifiedLayerNormalization',
      [stream, added, weight(name, dModel)],
      EPSILON,
      4,
      'com.microsoft',
    );
    g.nodes.at(-1)!.output = [out[0]!, '', '', out[3]!];
    [normed, stream] = [out[0]!, out[3]!];
  };
  for (let l = 0; l < layers; l += 1) {
    const cache = ['key', 'value'].map((part) =>
      g.input(`past_key_values.${l}.${part}`, 'float32', ['batch_size', kvHeads, 'past_sequence_length', dHead]),
    );
    const width = (heads + 2 * kvHeads) * dHead;
    const qkv = g.op('MatMul', [normed, weight(`${l}.qkv`, dModel, width)]);
    const attended = g.ops(
      'GroupQueryAttention',
      [qkv, '', '', ...cache, ends, total, cos!, sin!],
      { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 },
      3,
      'com.microsoft',
    );
    ['key', 'value'].forEach((part, i) => {
      g.output(attended[i + 1]!, `present.${l}.${part}`, 'float32', [
        'batch_size',
        kvHeads,
        'total_sequence_length',
        dHead,
      ]);
    });
    skip(g.op('MatMul', [attended[0]!, weight(`${l}.o`, dModel, dModel)]), `${l}.norm`);
    const gate = g.op('MatMul', [normed, weight(`${l}.gate`, dModel, dMlp)]);
    const up = g.op('MatMul', [normed, weight(`${l}.up`, dModel, dMlp)]);
    const hidden = g.op('Mul', [g.op('Mul', [gate, g.op('Sigmoid', [gate])]), up]);
    skip(g.op('MatMul', [hidden, weight(`${l}.down`, dMlp, dModel)]), `${l}.norm.next`);
  }
  const logits = g.op('MatMul', [normed, g.op('Transpose', [table], { perm: [1, 0] })]);
  g.output(logits, 'logits', 'float32', ['batch_size', 'sequence_length', vocab]);
  await file.write(folder);
  const path = join(folder, 'model.onnx');
  const out = await open(path, 'w');
  try {
    await out.write(toBinary(ModelProtoSchema, g.toModel()));
  } finally {
    await out.close();
  }
  return path;
}
