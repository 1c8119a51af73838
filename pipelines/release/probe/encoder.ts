import { type DictionaryInput, encoderRows } from '../dictionary.ts';
import { ReleaseError } from '../errors.ts';
import {
  f32Tensor,
  parseSafetensors,
  type SafeTensor,
  safetensorsMetadata,
  toNumbers,
  writeSafetensors,
} from '../safetensors.ts';

/**
 * An encoder in 8 bits: `z[i] = scale[i] * (rows[i] . u) + bias[i]`, `u = inputScale x - center`. Rows are padded with zeros
 * to a multiple of 16.
 */
export interface Int8Encoder {
  readonly d: number;
  readonly n: number;
  /** Row length: d rounded up to a multiple of 16. */
  readonly width: number;
  readonly rows: Int8Array; // [n, width]
  readonly scale: Float32Array; // [n]
  readonly bias: Float32Array; // [n]
  readonly center: Float32Array; // [d], zeros where b_dec is not applied
  readonly inputScale: number;
  readonly activation: string;
  readonly k: number | null;
  /** JumpReLU [n], BatchTopK [1], otherwise null */
  readonly threshold: Float32Array | null;
}

/** Symmetric quantisation of every encoder row by itself, to -127..127. */
export function quantiseEncoder(dictionary: DictionaryInput): Int8Encoder {
  const { d, n } = dictionary;
  const width = Math.ceil(d / 16) * 16;
  const rows = new Int8Array(n * width);
  const scale = new Float32Array(n);
  const exact = encoderRows(dictionary);
  for (let i = 0; i < n; i += 1) {
    const row = exact.subarray(i * d, (i + 1) * d);
    const most = row.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    scale[i] = most / 127;
    if (most > 0) for (let j = 0; j < d; j += 1) rows[i * width + j] = Math.round((row[j]! / most) * 127);
  }
  return {
    d,
    n,
    width,
    rows,
    scale,
    bias: dictionary.bEnc.slice(),
    center: dictionary.applyBDec ? dictionary.bDec.slice() : new Float32Array(d),
    inputScale: dictionary.scale,
    activation: dictionary.activation,
    k: dictionary.k ?? null,
    threshold: dictionary.threshold?.slice() ?? null,
  };
}

export function encodeEncoder(encoder: Int8Encoder): Uint8Array {
  const tensors = new Map<string, SafeTensor>([
    [
      'rows',
      { dtype: 'I8', shape: [encoder.n, encoder.width], bytes: new Uint8Array(encoder.rows.buffer as ArrayBuffer) },
    ],
    ['scale', f32Tensor(encoder.scale, [encoder.n])],
    ['bias', f32Tensor(encoder.bias, [encoder.n])],
    ['center', f32Tensor(encoder.center, [encoder.d])],
  ]);
  if (encoder.threshold) tensors.set('threshold', f32Tensor(encoder.threshold, [encoder.threshold.length]));
  return writeSafetensors(tensors, {
    activation: encoder.activation,
    input_scale: String(encoder.inputScale),
    k: encoder.k === null ? '' : String(encoder.k),
  });
}

/** Reads `dictionary/L<ll>.int8.safetensors`; every shape is checked against the others. */
export function decodeEncoder(file: Uint8Array): Int8Encoder {
  const tensors = parseSafetensors(file);
  const metadata = safetensorsMetadata(file);
  const bad = (what: string) =>
    new ReleaseError('malformed', `int8 encoder: ${what}`, 'run `parallax verify` on the release');
  const vector = (name: string, length?: number): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== 'F32' || tensor.shape.length !== 1) throw bad(`tensor "${name}" is not a float32 vector`);
    if (length !== undefined && tensor.shape[0] !== length)
      throw bad(`tensor "${name}" has ${tensor.shape[0]} elements, not ${length}`);
    return toNumbers(tensor, Float32Array);
  };
  const packed = tensors.get('rows');
  const [n, width] = packed?.shape ?? [];
  if (packed?.dtype !== 'I8' || n === undefined || width === undefined || width % 16 !== 0 || packed.shape.length !== 2)
    throw bad('tensor "rows" is not an int8 matrix of padded rows');
  const center = vector('center');
  if (Math.ceil(center.length / 16) * 16 !== width)
    throw bad(`rows of ${width} do not fit a width of ${center.length}`);
  const inputScale = Number(metadata['input_scale']);
  if (!Number.isFinite(inputScale) || !metadata['activation'])
    throw bad('its metadata has no activation or input_scale');
  const threshold = tensors.has('threshold') ? vector('threshold') : null;
  if (threshold && threshold.length !== n && threshold.length !== 1)
    throw bad(`tensor "threshold" has ${threshold.length} elements`);
  return {
    d: center.length,
    n,
    width,
    rows: new Int8Array(packed.bytes.buffer as ArrayBuffer, packed.bytes.byteOffset, packed.bytes.byteLength),
    scale: vector('scale', n),
    bias: vector('bias', n),
    center,
    inputScale,
    activation: metadata['activation'],
    k: metadata['k'] ? Number(metadata['k']) : null,
    threshold,
  };
}
