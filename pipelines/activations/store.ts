import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { decodeHalf } from './half.ts';
import { BYTES, damaged, META_FILE, StoreFile, shardFile, TABLE_FILE } from './meta.ts';
import { decodeTable, joinTables } from './table.ts';
import type { ActivationStore, TokenTable } from './types.ts';

interface Part {
  readonly dir: string;
  readonly meta: StoreFile;
  readonly table: TokenTable;
}

interface Shard {
  readonly part: Part;
  readonly number: number;
  /** First row, counted over all parts. */
  readonly from: number;
  readonly rows: number;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function verify(part: Part, file: string): Promise<void> {
  const expected = part.meta.files[file];
  if (!expected) throw damaged(`${join(part.dir, META_FILE)} does not name ${file}`);
  const got = await hashOf(join(part.dir, file)).catch((cause) => {
    throw damaged(`${join(part.dir, file)} cannot be read`, cause);
  });
  if (got !== expected) throw damaged(`${join(part.dir, file)} does not have the bytes that were written`);
}

async function openPart(dir: string): Promise<Part> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(join(dir, META_FILE), 'utf8'));
  } catch (cause) {
    throw damaged(`${join(dir, META_FILE)} is missing or is not JSON`, cause);
  }
  const parsed = StoreFile.safeParse(raw);
  if (!parsed.success) throw damaged(`${join(dir, META_FILE)}: ${parsed.error.issues[0]?.path.join('.')} does not fit`);
  const meta = parsed.data;
  if (meta.shards.reduce((a, b) => a + b, 0) !== meta.tokens)
    throw damaged(`${join(dir, META_FILE)}: the shards do not add up to ${meta.tokens} tokens`);
  const bytes = await readFile(join(dir, TABLE_FILE)).catch((cause) => {
    throw damaged(`${join(dir, TABLE_FILE)} cannot be read`, cause);
  });
  if (createHash('sha256').update(bytes).digest('hex') !== meta.files[TABLE_FILE])
    throw damaged(`${join(dir, TABLE_FILE)} does not have the bytes that were written`);
  return { dir, meta, table: decodeTable(bytes, meta.tokens, meta.samples.length) };
}

async function readRows({ part, number }: Shard, layer: number, from: number, to: number): Promise<Float32Array> {
  const { dModel, dtype } = part.meta;
  const path = join(part.dir, shardFile(layer, number));
  const size = dModel * BYTES[dtype];
  const bytes = new Uint8Array((to - from) * size);
  const handle = await open(path);
  try {
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from * size);
    if (bytesRead !== bytes.length) throw damaged(`${path} is truncated`);
  } finally {
    await handle.close();
  }
  return dtype === 'float16' ? decodeHalf(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
}

/**
 * Opens folders, in the order given, as one store. Each file's sha256 is checked before its first row is read.
 * Throws `ParallaxError` on a missing, damaged or unlike folder.
 */
export async function openStore(dirs: readonly string[]): Promise<ActivationStore> {
  const parts: Part[] = [];
  for (const dir of dirs) parts.push(await openPart(dir));
  const [first] = parts;
  if (!first) throw new ParallaxError('activation store: no folder is given', 'name the folders of the harvest');
  const { dModel, layers, dtype } = first.meta;
  const shards: Shard[] = [];
  let tokens = 0;
  for (const part of parts) {
    if (part.meta.dModel !== dModel || part.meta.dtype !== dtype || String(part.meta.layers) !== String(layers))
      throw damaged(`${part.dir} differs from ${first.dir} in width, layers or dtype`);
    for (const [number, rows] of part.meta.shards.entries()) {
      shards.push({ part, number, from: tokens, rows });
      tokens += rows;
    }
  }
  const verified = new Map<string, Promise<void>>();
  const checked = ({ part, number }: Shard, layer: number): Promise<void> => {
    const file = shardFile(layer, number);
    const key = join(part.dir, file);
    const done = verified.get(key) ?? verify(part, file);
    verified.set(key, done);
    return done;
  };
  return {
    meta: { dModel, layers, tokens, dtype, samples: parts.flatMap((p) => p.meta.samples) },
    table: joinTables(parts.map((p) => ({ table: p.table, samples: p.meta.samples.length }))),
    async rows(layer, from, to) {
      if (!layers.includes(layer))
        throw new ParallaxError(`layer ${layer} is not in the store`, `choose one of the layers ${layers.join(', ')}`);
      if (!(from >= 0 && from <= to && to <= tokens))
        throw new ParallaxError(`rows ${from} to ${to} are not in the store`, `choose rows from 0 to ${tokens}`);
      const out = new Float32Array((to - from) * dModel);
      for (const shard of shards) {
        const a = Math.max(from, shard.from);
        const b = Math.min(to, shard.from + shard.rows);
        if (a >= b) continue;
        await checked(shard, layer);
        out.set(await readRows(shard, layer, a - shard.from, b - shard.from), (a - from) * dModel);
      }
      return out;
    },
  };
}

/** Bytes on disk of a store's folders. */
export async function storeBytes(dirs: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const dir of dirs)
    for (const file of Object.keys((await openPart(dir)).meta.files)) bytes += (await stat(join(dir, file))).size;
  return bytes;
}
