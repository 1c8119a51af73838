import { GraphBuilder } from '#graph/onnx/build.ts';
import { f32, i64 } from '#graph/tensor.ts';
import type { HeadRef } from '#graph/types.ts';
import { type Random, random } from '#pipelines/data/random.ts';
import { procrustes } from '../statistics/index.ts';

/** Sizes of the planted decoder: Llama style, 3 layers of 4 heads, embeddings in, logits out. */
export const DECODER = { layers: 3, dModel: 32, heads: 4, dHead: 8, hidden: 24, things: 8, vocab: 12 } as const;
const { layers: LAYERS, dModel: D, heads: HEADS, dHead: DH, hidden: HIDDEN, things: THINGS, vocab: VOCAB } = DECODER;

/** Coordinates of the residual stream before the change of basis. */
export const COORDINATE = { image: 0, text: 1, identity: 2, place: 10, answer: 11, asked: 12 } as const;

/** The head that moves the place of the thing asked about into the answer's direction. */
export const PLANTED_HEAD: HeadRef = { layer: 1, head: 2 };
/** Words of the vocabulary that the answer's direction decides between. */
export const ANSWERS = { left: 0, right: 1 } as const;

/** Size of the weights that nothing is planted in, and of the planted write. */
const SMALL = 0.15;
const WRITE = 0.5;

/** A matrix `[rows, columns]` in the coordinates of `COORDINATE`. */
class Grid {
  readonly data: Float64Array;
  readonly columns: number;
  constructor(rows: number, columns: number, fill: () => number) {
    this.columns = columns;
    this.data = Float64Array.from({ length: rows * columns }, fill);
  }
  set(row: number, column: number, value: number): void {
    this.data[row * this.columns + column] = value;
  }
  clear(from: number, to: number, columns: readonly [number, number]): void {
    for (let row = from; row < to; row += 1) for (let c = columns[0]; c < columns[1]; c += 1) this.set(row, c, 0);
  }
}

/** A random orthogonal basis `[D, D]`, so that nothing planted is one unit of the stream. */
export function basisOf(seed: number): Float64Array {
  const draw = random(seed, 'planted/decoder', 'basis');
  const noise = () => Float64Array.from({ length: D * D }, () => draw.normal());
  return procrustes(noise(), noise(), D);
}

/** `basis^T m` for weights that read the stream (`[D, k]`), `m basis` for weights that write it (`[k, D]`). */
function inBasis(grid: Grid, basis: Float64Array, side: 'reads' | 'writes'): Float32Array {
  const { data, columns } = grid;
  const out = new Float32Array(data.length);
  const rows = data.length / columns;
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < columns; j += 1) {
      let sum = 0;
      for (let k = 0; k < D; k += 1)
        sum +=
          side === 'reads' ? basis[k * D + i]! * data[k * columns + j]! : data[i * columns + k]! * basis[k * D + j]!;
      out[i * columns + j] = sum;
    }
  return out;
}

interface BlockWeights {
  readonly q: Grid;
  readonly k: Grid;
  readonly v: Grid;
  readonly o: Grid;
  readonly up: Grid;
  readonly down: Grid;
}

/** Weights of one block: small noise, and at the planted layer the planted head and two that only look like it. */
function blockWeights(layer: number, draw: Random, planted: boolean): BlockWeights {
  const noise = () => (SMALL * draw.normal()) / Math.sqrt(D);
  const make = (rows: number, columns: number) => new Grid(rows, columns, noise);
  const width = HEADS * DH;
  const w = {
    q: make(D, width),
    k: make(D, width),
    v: make(D, width),
    o: make(width, D),
    up: make(D, HIDDEN),
    down: make(HIDDEN, D),
  };
  if (!planted || layer !== PLANTED_HEAD.layer) return w;
  /** A head that looks at the thing asked about, reads one coordinate and writes another. */
  const matcher = (head: number, read: number, write: number) => {
    const at = head * DH;
    for (const grid of [w.q, w.k, w.v]) grid.clear(0, D, [at, at + DH]);
    w.o.clear(at, at + DH, [0, D]);
    for (let thing = 0; thing < THINGS; thing += 1) {
      w.q.set(COORDINATE.asked + thing, at + thing, 1);
      w.k.set(COORDINATE.identity + thing, at + thing, 1);
    }
    w.v.set(read, at, 1);
    w.o.set(at, write, WRITE);
  };
  matcher(PLANTED_HEAD.head, COORDINATE.place, COORDINATE.answer);
  // Looks at the same tokens, but reads that they are image tokens: the same in every picture.
  matcher(0, COORDINATE.image, COORDINATE.answer);
  // Reads the place as well, but writes it where the answer is not.
  matcher(1, COORDINATE.place, D - 1);
  return w;
}

export interface DecoderOptions {
  /** Factor of all attention scores: large ones saturate the softmax. */
  readonly sharpness?: number;
  /** False: small random weights alone, a decoder that no picture changed. */
  readonly planted?: boolean;
}

/** The decoder as an ONNX file of plain operators. The same seed and options give the same bytes. */
export function plantedDecoder(seed = 0, { sharpness = 1, planted = true }: DecoderOptions = {}): Uint8Array {
  const basis = basisOf(seed);
  const draw = random(seed, 'planted/decoder', 'weights');
  const g = new GraphBuilder({ opset: 18, prefix: 'planted' });
  const ints = (...values: number[]) => g.constant(i64(values));
  const scalar = (x: number) => g.constant(f32([x], []));
  const embeds = g.input('inputs_embeds', 'float32', ['batch', 'pos', D]);
  const mask = g.input('attention_mask', 'int64', ['batch', 'pos']);
  const reads = (x: string, grid: Grid) =>
    g.op('MatMul', [x, g.constant(f32(inBasis(grid, basis, 'reads'), [D, grid.columns]))]);
  const writes = (x: string, grid: Grid) =>
    g.op('MatMul', [x, g.constant(f32(inBasis(grid, basis, 'writes'), [grid.data.length / D, D]))]);
  const norm = (x: string): string => {
    const square = g.op('ReduceMean', [g.op('Pow', [x, scalar(2)]), ints(-1)], { keepdims: 1 });
    const root = g.op('Sqrt', [g.op('Add', [square, scalar(1e-6)])]);
    const ones = g.constant(f32(new Float32Array(D).fill(1), [D]));
    return g.op('Mul', [ones, g.op('Mul', [x, g.op('Div', [scalar(1), root])])]);
  };
  const length = g.op('Squeeze', [g.op('Slice', [g.op('Shape', [embeds]), ints(1), ints(2)]), ints(0)]);
  const range = g.op('Range', [g.constant(i64([0], [])), length, g.constant(i64([1], []))]);
  const seen = g.op('LessOrEqual', [range, g.op('Unsqueeze', [range, ints(1)])]);
  const kept = g.op('Unsqueeze', [g.op('Cast', [mask], { to: 9 }), ints(1, 2)]);
  const bias = g.op('Where', [g.op('And', [seen, kept]), scalar(0), scalar(-1e9)]);
  const byHead = (x: string) =>
    g.op('Transpose', [g.op('Reshape', [x, ints(0, 0, HEADS, DH)])], { perm: [0, 2, 1, 3] });

  let stream = embeds;
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const w = blockWeights(layer, draw, planted);
    const x = norm(stream);
    const keys = g.op('Transpose', [byHead(reads(x, w.k))], { perm: [0, 1, 3, 2] });
    const scores = g.op('Mul', [g.op('MatMul', [byHead(reads(x, w.q)), keys]), scalar(sharpness / Math.sqrt(DH))]);
    const pattern = g.op('Softmax', [g.op('Add', [scores, bias])], { axis: -1 });
    const z = g.op('Transpose', [g.op('MatMul', [pattern, byHead(reads(x, w.v))])], { perm: [0, 2, 1, 3] });
    stream = g.op('Add', [stream, writes(g.op('Reshape', [z, ints(0, 0, HEADS * DH)]), w.o)]);
    stream = g.op('Add', [stream, writes(g.op('Relu', [reads(norm(stream), w.up)]), w.down)]);
  }
  const unembedding = new Grid(D, VOCAB, () => (SMALL * draw.normal()) / Math.sqrt(D));
  unembedding.set(COORDINATE.answer, ANSWERS.left, 1);
  unembedding.set(COORDINATE.answer, ANSWERS.right, -1);
  g.output(reads(norm(stream), unembedding), 'logits', 'float32', ['batch', 'pos', VOCAB]);
  return g.toBytes();
}
