import { ParallaxError } from '#pipelines/config/errors.ts';

/** What a pickle of tensors may hold. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | Global
  | Pickled[]
  | Map<Pickled, Pickled>
  | { readonly tensor: PickledTensor };

/** A name that the pickle refers to; only those on the allow-list get this far, and none is ever imported. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A view of a storage, as `torch._utils._rebuild_tensor_v2` receives it. Offsets and strides count elements. */
export interface PickledTensor {
  readonly storage: string;
  readonly type: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

export const refused = (what: string): ParallaxError =>
  new ParallaxError(
    `dictionary ae.pt: ${what}`,
    'a torch pickle can run code: convert the file to safetensors with the program that wrote it',
  );

const isNumbers = (x: Pickled | undefined): x is number[] =>
  Array.isArray(x) && x.every((v) => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0);

/** A storage reference: `('storage', <type>, key, location, elements)`. */
function storageOf(id: Pickled | undefined): { type: string; key: string } {
  if (Array.isArray(id) && id[0] === 'storage' && id[1] instanceof Global && typeof id[2] === 'string')
    return { type: id[1].name, key: id[2] };
  throw refused('a persistent reference is no torch storage');
}

/** Functions that a pickle may call, each only as the data it stands for. */
const CALLS: Readonly<Record<string, (args: Pickled[]) => Pickled>> = {
  'collections.OrderedDict': () => new Map(),
  'torch._utils._rebuild_parameter': ([data]) => data ?? null,
  'torch._utils._rebuild_tensor_v2': ([id, offset, shape, stride]) => {
    const { type, key } = storageOf(id);
    if (!isNumbers([offset ?? null]) || !isNumbers(shape) || !isNumbers(stride) || shape.length !== stride.length)
      throw refused('a torch tensor has no readable shape');
    return { tensor: { storage: key, type, offset: offset as number, shape, stride } };
  },
};

/** torch's storage classes; they are names of element types, nothing else. */
export const STORAGES = [
  'FloatStorage',
  'HalfStorage',
  'BFloat16Storage',
  'DoubleStorage',
  'LongStorage',
  'IntStorage',
];
const ALLOWED = new Set([...Object.keys(CALLS), ...STORAGES.map((s) => `torch.${s}`)]);

const MARK = Symbol('mark');
type Slot = Pickled | typeof MARK;

/** The machine: a stack, a memo, and a cursor into the bytes. */
class Machine {
  readonly stack: Slot[] = [];
  readonly memo = new Map<number, Pickled>();
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  take(length: number): DataView {
    if (!(length >= 0) || this.#at + length > this.#view.byteLength) throw refused('the pickle ends too early');
    const out = new DataView(this.#view.buffer, this.#view.byteOffset + this.#at, length);
    this.#at += length;
    return out;
  }
  byte = (): number => this.take(1).getUint8(0);
  text = (length: number): string => new TextDecoder().decode(this.take(length));
  line(): string {
    let out = '';
    for (let c = this.byte(); c !== 10; c = this.byte()) out += String.fromCharCode(c);
    return out;
  }
  push = (value: Slot): void => void this.stack.push(value);
  pop(): Pickled {
    const top = this.stack.pop();
    if (top === undefined || top === MARK) throw refused('the pickle takes from an empty stack');
    return top;
  }
  popTo(): Pickled[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) throw refused('the pickle has no mark');
    return this.stack.splice(at).slice(1) as Pickled[];
  }
  dict(): Map<Pickled, Pickled> {
    const top = this.stack.at(-1);
    if (!(top instanceof Map)) throw refused('the pickle sets items of what is no dict');
    return top;
  }
  list(): Pickled[] {
    const top = this.stack.at(-1);
    if (!Array.isArray(top)) throw refused('the pickle appends to what is no list');
    return top;
  }
  global(name: string): void {
    if (!ALLOWED.has(name))
      throw refused(`the pickle asks for ${name.slice(0, 80)}, which is not on the list of plain data`);
    this.push(new Global(name));
  }
  remember = (key: number): void => {
    this.memo.set(key, this.stack.at(-1) as Pickled);
  };
  recall(key: number): void {
    const held = this.memo.get(key);
    if (held === undefined) throw refused('the pickle recalls what it has not stored');
    this.push(held);
  }
}

function call(m: Machine): void {
  const args = m.pop();
  const target = m.pop();
  const rule = target instanceof Global && Object.hasOwn(CALLS, target.name) ? CALLS[target.name] : undefined;
  if (!rule || !Array.isArray(args)) throw refused('the pickle calls what is no rebuilder of tensors');
  m.push(rule(args));
}

function setItems(m: Machine, items: Pickled[]): void {
  const dict = m.dict();
  for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
}

/** Opcodes of protocol 2 that torch writes; any other is refused. */
const OPCODES: Readonly<Record<string, (m: Machine) => void>> = {
  '\x80': (m) => void m.byte(),
  '}': (m) => m.push(new Map()),
  ']': (m) => m.push([]),
  ')': (m) => m.push([]),
  '(': (m) => m.push(MARK),
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  K: (m) => m.push(m.byte()),
  M: (m) => m.push(m.take(2).getUint16(0, true)),
  J: (m) => m.push(m.take(4).getInt32(0, true)),
  '\x8a': (m) => {
    const bytes = m.take(m.byte());
    let value = 0n;
    for (let i = bytes.byteLength - 1; i >= 0; i -= 1) value = value * 256n + BigInt(bytes.getUint8(i));
    m.push(Number(BigInt.asIntN(8 * bytes.byteLength, value)));
  },
  G: (m) => m.push(m.take(8).getFloat64(0)),
  X: (m) => m.push(m.text(m.take(4).getUint32(0, true))),
  c: (m) => {
    const module = m.line();
    m.global(`${module}.${m.line()}`);
  },
  q: (m) => m.remember(m.byte()),
  r: (m) => m.remember(m.take(4).getUint32(0, true)),
  h: (m) => m.recall(m.byte()),
  j: (m) => m.recall(m.take(4).getUint32(0, true)),
  t: (m) => m.push(m.popTo()),
  '\x85': (m) => m.push([m.pop()]),
  '\x86': (m) => m.push([m.pop(), m.pop()].reverse()),
  '\x87': (m) => m.push([m.pop(), m.pop(), m.pop()].reverse()),
  Q: (m) => m.push(m.pop()),
  R: call,
  s: (m) => {
    const value = m.pop();
    const key = m.pop();
    setItems(m, [key, value]);
  },
  u: (m) => setItems(m, m.popTo()),
  a: (m) => {
    const value = m.pop();
    m.list().push(value);
  },
  e: (m) => {
    const values = m.popTo();
    m.list().push(...values);
  },
  b: (m) => void m.pop(),
};

/** Reads a pickle as plain data: no name off the allow-list, no call but the rebuilding of tensors. Throws `ParallaxError`. */
export function unpickle(bytes: Uint8Array): Pickled {
  const machine = new Machine(bytes);
  for (;;) {
    const code = String.fromCharCode(machine.byte());
    if (code === '.') return machine.pop();
    const rule = Object.hasOwn(OPCODES, code) ? OPCODES[code] : undefined;
    if (!rule)
      throw refused(`the pickle has the opcode 0x${code.charCodeAt(0).toString(16)}, which plain data do not need`);
    rule(machine);
  }
}
