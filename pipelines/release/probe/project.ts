import type { Int8Encoder } from './encoder.ts';
import { kernelBytes } from './kernel.ts';

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

/** Holds the rows in the kernel's own memory. */
function wasmProjector(module: WebAssembly.Module, { rows, n, width }: Int8Encoder): Projector {
  const out = 2 * width;
  const from = out + 4 * n;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((from + rows.byteLength) / PAGE) });
  new Int8Array(memory.buffer, from, rows.byteLength).set(rows);
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports['run'] as (...args: number[]) => void;
  const input = new Int16Array(memory.buffer, 0, width);
  const output = new Int32Array(memory.buffer, out, n);
  return {
    project(x) {
      input.set(x);
      run(from, from + rows.byteLength, width, 0, out);
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
