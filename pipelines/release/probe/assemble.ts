/** A tiny assembler of WebAssembly: just what the probe's kernel needs (binary format: webassembly.github.io/spec/core/binary). */
export type Code = readonly number[];

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest & 127;
    rest >>>= 7;
    out.push(rest ? low | 128 : low);
  } while (rest);
  return out;
}
/** Signed LEB128, as constants are written. */
export function signedLeb(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 127;
    const last = (rest >> 7 === 0 && !(low & 64)) || (rest >> 7 === -1 && (low & 64) !== 0);
    out.push(last ? low : low | 128);
    if (last) return out;
  }
}

const simd = (opcode: number, ...more: number[]): Code => [0xfd, ...leb(opcode), ...more];

export const op = {
  get: (local: number): Code => [0x20, ...leb(local)],
  set: (local: number): Code => [0x21, ...leb(local)],
  constant: (value: number): Code => [0x41, ...signedLeb(value)],
  add: [0x6a] as Code,
  less: [0x49] as Code, // i32.lt_u
  store: (offset: number): Code => [0x36, 2, ...leb(offset)], // i32.store
  /** Runs its body again for as long as the body leaves a number other than 0. */
  loop: (...body: Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b],
  load: (offset: number): Code => simd(0x00, 0, ...leb(offset)), // v128.load, any alignment
  zero: simd(0x0c, ...new Array<number>(16).fill(0)), // v128.const 0
  widen: (offset: number): Code => simd(0x01, 0, ...leb(offset)), // v128.load8x8_s: 8 bytes as 8 numbers of 16 bits
  dot: simd(0xba), // i32x4.dot_i16x8_s
  addLanes: simd(0xae), // i32x4.add
  lane: (index: number): Code => simd(0x1b, index), // i32x4.extract_lane
} as const;

const section = (id: number, ...items: Code[]): Code => {
  const body = [...leb(items.length), ...items.flat()];
  return [id, ...leb(body.length), ...body];
};
const name = (text: string): Code => [...leb(text.length), ...new TextEncoder().encode(text)];
const I32 = 0x7f;
const V128 = 0x7b;

/** A module that imports `env.memory` and exports one function `run` of `parameters` i32 numbers, with more i32 and v128 locals. */
export function moduleOf(
  parameters: number,
  integers: number,
  vectors: number,
  body: readonly Code[],
): Uint8Array<ArrayBuffer> {
  const code = [2, ...leb(integers), I32, ...leb(vectors), V128, ...body.flat(), 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, ...leb(parameters), ...new Array<number>(parameters).fill(I32), 0]),
    ...section(2, [...name('env'), ...name('memory'), 2, 0, 1]),
    ...section(3, [0]),
    ...section(7, [...name('run'), 0, 0]),
    ...section(10, [...leb(code.length), ...code]),
  ]);
}
