import { assemble } from './assemble.ts';
import { collect, select } from './choose.ts';
import { activate, passBack, tally } from './dense.ts';
import { adam, blend, combine, dots, turn } from './rows.ts';

/** Floats that the inner loops take at a time; row lengths are multiples of it. */
export const LANE = 16;

type N = number;
/** Kernels over one memory; arguments are byte addresses, counts of elements and factors. */
export interface Kernels {
  select(z: N, bias: N, n: N, first: N, k: N, values: N, indices: N): void;
  collect(z: N, bias: N, limits: N, n: N, first: N, values: N, indices: N): number;
  combine(d: N, count: N, index: N, weights: N, rows: N, start: N, out: N, sign: N): number;
  dots(d: N, count: N, index: N, rows: N, w: N, out: N, scale: N, shift: N): number;
  adam(d: N, p: N, m: N, v: N, g: N, b1: N, r1: N, b2: N, r2: N, rate: N, c2: N, eps: N): void;
  blend(d: N, x: N, y: N, a: N, scale: N): void;
  turn(a: N, rows: N, columns: N, out: N, apart: N): void;
  activate(z: N, bias: N, theta: N, limits: N, n: N, f: N, count: N): number;
  tally(z: N, bias: N, limits: N, n: N): number;
  passBack(z: N, bias: N, theta: N, half: N, df: N, shift: N, n: N, f: N, mass: N, sums: N, slopes: N, near: N): void;
}

let compiled: WebAssembly.Module | undefined;

/** Kernels on a memory; row lengths are multiples of `LANE`, `n` a multiple of 4. */
export function openKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(
    assemble([select, collect, combine, dots, adam, blend, turn, activate, tally, passBack]),
  );
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
