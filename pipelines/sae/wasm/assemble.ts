/** Value types of WebAssembly that the kernels use. */
const TYPES = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof TYPES;

/** Instructions as bytes; an expression leaves one value, a statement none. */
export type Code = readonly number[];

export function uleb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? byte + 128 : byte);
  } while (rest > 0);
  return out;
}

function sleb(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; ) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const last = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    out.push(last ? byte : byte | 0x80);
    if (last) return out;
  }
}

const floatBytes = (value: number) => [...new Uint8Array(Float32Array.of(value).buffer)];
const one =
  (...op: number[]) =>
  (a: Code): Code => [...a, ...op];
const two =
  (...op: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...op];
const simd = (op: number) => [0xfd, ...uleb(op)];
/** Alignment is a hint of the format; 0 promises nothing. */
const load =
  (...op: number[]) =>
  (address: Code, offset = 0): Code => [...address, ...op, 0, ...uleb(offset)];
const store =
  (...op: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...op, 0, ...uleb(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, ...sleb(value)],
  add: two(0x6a),
  sub: two(0x6b),
  mul: two(0x6c),
  shl: two(0x74),
  and: two(0x71),
  ctz: one(0x68),
  lt: two(0x49),
  load: load(0x28),
  store: store(0x36),
};
export const f32 = {
  const: (value: number): Code => [0x43, ...floatBytes(value)],
  add: two(0x92),
  mul: two(0x94),
  lt: two(0x5d),
  gt: two(0x5e),
  load: load(0x2a),
  store: store(0x38),
};
export const f64 = { add: two(0xa0), promote: one(0xbb) };
export const v128 = {
  load: load(...simd(0x00)),
  store: store(...simd(0x0b)),
  splat: one(...simd(0x13)),
  lane: (value: Code, lane: number): Code => [...value, ...simd(0x1f), lane],
  add: two(...simd(0xe4)),
  sub: two(...simd(0xe5)),
  mul: two(...simd(0xe6)),
  div: two(...simd(0xe7)),
  sqrt: one(...simd(0xe3)),
  gt: two(...simd(0x44)),
  lt: two(...simd(0x43)),
  abs: one(...simd(0xe0)),
  and: two(...simd(0x4e)),
  /** The vector of these four lanes: 0 to 3 of `a`, 4 to 7 of `b`. */
  shuffle: (a: Code, b: Code, picks: readonly number[]): Code => [
    ...[...a, ...b, ...simd(0x0d)],
    ...picks.flatMap((pick) => [0, 1, 2, 3].map((byte) => 4 * pick + byte)),
  ],
  /** Bit l is set where lane l is. */
  bits: one(...simd(0xa4)),
};

/** Sum of the four lanes. */
export const lanes = (value: Code, hold: Local): Code => [
  ...hold.set(value),
  ...f32.add(
    f32.add(v128.lane(hold.get, 0), v128.lane(hold.get, 1)),
    f32.add(v128.lane(hold.get, 2), v128.lane(hold.get, 3)),
  ),
];

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

const VOID = 0x40;

/** `while (condition) body` */
export const loop = (condition: Code, body: Code): Code => [
  ...[0x02, VOID, 0x03, VOID],
  ...[...condition, 0x45, 0x0d, 1],
  ...[...body, 0x0c, 0, 0x0b, 0x0b],
];

export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...[...condition, 0x04, VOID, ...then],
  ...(otherwise.length > 0 ? [0x05, ...otherwise] : []),
  0x0b,
];

/** `for (at = from; at < to; at += step) body`, unsigned. */
export const range = (at: Local, from: Code, to: Code, step: number, body: Code): Code => [
  ...at.set(from),
  ...loop(i32.lt(at.get, to), [...body, ...at.set(i32.add(at.get, i32.const(step)))]),
];

interface Built {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly result: ValueType | undefined;
  readonly locals: readonly ValueType[];
  readonly code: Code;
}

/** One exported function; `body` receives its parameters and a maker of locals. */
export function func<P extends Record<string, ValueType>>(
  name: string,
  params: P,
  result: ValueType | undefined,
  body: (p: { readonly [K in keyof P]: Local }, local: (type: ValueType) => Local) => Code,
): Built {
  const types = Object.values(params);
  const locals: ValueType[] = [];
  const at = (index: number): Local => ({
    get: [0x20, ...uleb(index)],
    set: (value) => [...value, 0x21, ...uleb(index)],
  });
  const named = Object.fromEntries(Object.keys(params).map((key, i) => [key, at(i)])) as { [K in keyof P]: Local };
  const code = body(named, (type) => at(types.length + locals.push(type) - 1));
  return { name, params: types, result, locals, code };
}

const vector = (items: readonly (readonly number[])[]) => [...uleb(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]) => [id, ...uleb(content.length), ...content];
const text = (s: string) => {
  const bytes = [...new TextEncoder().encode(s)];
  return [...uleb(bytes.length), ...bytes];
};

/** Limits of any shared memory: at least one page, at most 4 GiB. */
const SHARED = [0x03, 0x01, ...uleb(65_536)];

/** A module that exports the functions and imports its memory, shared between threads, as `env.memory`. */
export function assemble(functions: readonly Built[]): Uint8Array<ArrayBuffer> {
  const typeList = functions.map(({ params, result }) => [
    0x60,
    ...vector(params.map((p) => [TYPES[p]])),
    ...vector(result ? [[TYPES[result]]] : []),
  ]);
  const bodies = functions.map(({ locals, code }) => {
    const body = [...vector(locals.map((type) => [1, TYPES[type]])), ...code, 0x0b];
    return [...uleb(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(typeList)),
    ...section(2, vector([[...text('env'), ...text('memory'), 0x02, ...SHARED]])),
    ...section(3, vector(functions.map((_, i) => uleb(i)))),
    ...section(7, vector(functions.map(({ name }, i) => [...text(name), 0x00, ...uleb(i)]))),
    ...section(10, vector(bodies)),
  ]);
}
