import { aligned } from '../aligned.ts';
import type { Int8Encoder } from './encoder.ts';
import { kernelBytes, ROWS, STEP } from './kernel.ts';

/** Dot products of every row with one quantised vector. */
export interface Projector {
  /** @param x `[width]` @returns `[n]`, valid until the next call */
  project(x: Int16Array): Int32Array;
}

/** The kernel's module, compiled; null where the platform cannot (no SIMD, or no code made at run time). */
export async function compileKernel(): Promise<WebAssembly.Module | null> {
  try {
    return await WebAssembly.compile(kernelBytes());
  } catch {
    return null;
  }
}

const PAGE = 65_536;

/** Four bytes at a time; `bytes` has a whole number of them. */
const words = (bytes: Int8Array): Int32Array => {
  const { buffer, byteOffset, byteLength } = aligned(bytes);
  return new Int32Array(buffer, byteOffset, byteLength / 4);
};

/** Rows `[n, width]` -> groups of rows side by side, as the kernel reads them; `to` is left as it is beyond the last row. */
function sideBySide(rows: Int8Array, width: number, to: Int8Array): void {
  const [source, target] = [words(rows), words(to)];
  const [line, step] = [width / 4, STEP / 4];
  for (let at = 0, row = 0; at < source.length; row += 1) {
    let start = (row - (row % ROWS)) * line + (row % ROWS) * step;
    for (const next = at + line; at < next; at += step, start += ROWS * step)
      for (let j = 0; j < step; j += 1) target[start + j] = source[at + j]!;
  }
}

/** Holds the rows in the kernel's own memory. */
function wasmProjector(module: WebAssembly.Module, { rows, n, width }: Int8Encoder): Projector {
  const all = ROWS * Math.ceil(n / ROWS);
  const out = 2 * width;
  const from = out + 4 * all;
  const end = from + width * all;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
  sideBySide(rows, width, new Int8Array(memory.buffer, from, width * all));
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports['run'] as (...args: number[]) => void;
  const input = new Int16Array(memory.buffer, 0, width);
  const output = new Int32Array(memory.buffer, out, n);
  return {
    project(x) {
      input.set(x);
      run(from, end, width, 0, out);
      return output;
    },
  };
}

/** The same in plain TypeScript, number for number. */
export function plainProjector({ rows, n, width }: Int8Encoder): Projector {
  const output = new Int32Array(n);
  return {
    project(x) {
      for (let i = 0, at = 0; i < n; i += 1) {
        let sum = 0;
        for (let j = 0; j < width; j += 1, at += 1) sum += rows[at]! * x[j]!;
        output[i] = sum;
      }
      return output;
    },
  };
}

const made = new WeakMap<Int8Encoder, Projector>();

/** The projector of an encoder, kept for as long as the encoder is. */
export function projectorOf(encoder: Int8Encoder, module: WebAssembly.Module | null): Projector {
  const kept = made.get(encoder);
  if (kept) return kept;
  const projector = module && encoder.n > 0 ? wasmProjector(module, encoder) : plainProjector(encoder);
  made.set(encoder, projector);
  return projector;
}
