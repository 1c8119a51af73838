import { decodeHalf } from '#pipelines/activations/index.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { type SafeTensor, toNumbers } from '#release/safetensors.ts';

/** Elements as float32, whatever the type stored. */
export function toFloat32(tensor: SafeTensor): Float32Array {
  const { dtype, bytes } = tensor;
  if (dtype !== 'F16' && dtype !== 'BF16') return toNumbers(tensor, Float32Array);
  const words = new Uint16Array(bytes.slice().buffer);
  if (dtype === 'F16') return decodeHalf(words);
  return new Float32Array(Uint32Array.from(words, (w) => w << 16).buffer);
}

/** `[rows, columns]` as `[columns, rows]`. */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r += 1) for (let c = 0; c < columns; c += 1) out[c * rows + r] = data[r * columns + c]!;
  return out;
}

/** The tensors of one file: every read is checked for presence, shape and finite values. */
export class Weights {
  readonly file: string;
  readonly #tensors: ReadonlyMap<string, SafeTensor>;

  constructor(file: string, tensors: ReadonlyMap<string, SafeTensor>) {
    this.file = file;
    this.#tensors = tensors;
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  shape(name: string): readonly number[] {
    return this.#get(name).shape;
  }

  #get(name: string): SafeTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor)
      throw new ParallaxError(
        `dictionary ${this.file}: tensor ${name} is missing; there are ${this.names.slice(0, 12).join(', ')}`,
        'download the file again, or check which format it is',
      );
    return tensor;
  }

  /** float32 values of a tensor whose shape must be `shape`. */
  read(name: string, shape: readonly number[]): Float32Array {
    const tensor = this.#get(name);
    if (String(tensor.shape) !== String(shape))
      throw new ParallaxError(
        `dictionary ${this.file}: ${name} has shape [${tensor.shape.join(', ')}], [${shape.join(', ')}] expected`,
        'check the width and the number of features in the configuration beside it',
      );
    const data = toFloat32(tensor);
    const at = data.findIndex((v) => !Number.isFinite(v));
    if (at >= 0)
      throw new ParallaxError(
        `dictionary ${this.file}: ${name} holds ${data[at]} at element ${at}`,
        'download the file again; if it stays, its training has diverged: use another checkpoint',
      );
    return data;
  }

  /** A one-element tensor, of any rank. */
  scalar(name: string): number {
    const { shape } = this.#get(name);
    if (shape.reduce((a, b) => a * b, 1) !== 1)
      throw new ParallaxError(
        `dictionary ${this.file}: ${name} has shape [${shape.join(', ')}], one number expected`,
        'check which format the file is',
      );
    return this.read(name, shape)[0]!;
  }

  /** The two sizes of a matrix. */
  matrix(name: string): readonly [rows: number, columns: number] {
    const shape = this.shape(name);
    if (shape.length !== 2)
      throw new ParallaxError(
        `dictionary ${this.file}: ${name} has shape [${shape.join(', ')}], a matrix expected`,
        'check which format the file is',
      );
    return [shape[0]!, shape[1]!];
  }
}
