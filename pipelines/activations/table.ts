import { damaged, TABLE_BYTES } from './meta.ts';
import type { TokenTable } from './types.ts';

/** Column constructors in the order in which `tokens.bin` holds them; wider ones first, so that all are aligned. */
const COLUMNS = [
  ['sample', Uint32Array],
  ['id', Int32Array],
  ['position', Uint16Array],
  ['class', Uint8Array],
  ['afterImage', Uint8Array],
] as const;

const tokensOf = (table: TokenTable): number => table.sample.length;

export function encodeTable(table: TokenTable): Uint8Array {
  const out = new Uint8Array(tokensOf(table) * TABLE_BYTES);
  let at = 0;
  for (const [name] of COLUMNS) {
    const { buffer, byteOffset, byteLength } = table[name];
    out.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return out;
}

/** Throws where the bytes are not `tokens` rows, or a row names a sample beyond `samples`. */
export function decodeTable(bytes: Uint8Array, tokens: number, samples: number): TokenTable {
  if (bytes.byteLength !== tokens * TABLE_BYTES)
    throw damaged(`token table of ${bytes.byteLength} bytes, ${tokens * TABLE_BYTES} expected`);
  const buffer = bytes.slice().buffer;
  let at = 0;
  const columns = COLUMNS.map(([name, Column]) => {
    const column = new Column(buffer, at, tokens);
    at += column.byteLength;
    return [name, column];
  });
  const table = Object.fromEntries(columns) as unknown as TokenTable;
  const wrong = table.sample.findIndex((s) => s >= samples);
  if (wrong >= 0) throw damaged(`token ${wrong} names sample ${table.sample[wrong]} of ${samples}`);
  return table;
}

/** Tables one after the other, their sample numbers moved behind those of the tables before. */
export function joinTables(parts: readonly { readonly table: TokenTable; readonly samples: number }[]): TokenTable {
  const tokens = parts.reduce((n, p) => n + tokensOf(p.table), 0);
  const joined = Object.fromEntries(
    COLUMNS.map(([name, Column]) => [name, new Column(tokens)]),
  ) as unknown as TokenTable;
  let at = 0;
  let before = 0;
  for (const { table, samples } of parts) {
    for (const [name] of COLUMNS) joined[name].set(table[name], at);
    for (let i = at; i < at + tokensOf(table); i += 1) joined.sample[i]! += before;
    at += tokensOf(table);
    before += samples;
  }
  return joined;
}
