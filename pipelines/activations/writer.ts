import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { encodeHalf } from './half.ts';
import { META_FILE, type StoreFile, shardFile, TABLE_FILE } from './meta.ts';
import { encodeTable } from './table.ts';
import type { StoreMeta, TokenTable } from './types.ts';

/** Kept tokens of one sample, in order of position. */
export interface SampleTokens {
  readonly position: ArrayLike<number>;
  readonly class: ArrayLike<number>;
  readonly id: ArrayLike<number>;
  readonly afterImage: ArrayLike<number>;
}

export interface StoreWriter {
  /** @param rows by layer, `[tokens, dModel]` */
  append(sample: string, tokens: SampleTokens, rows: ReadonlyMap<number, Float32Array>): Promise<void>;
  /** Writes what is left, and `meta.json` last: a folder without it is not a store. */
  close(): Promise<StoreMeta>;
}

export interface StoreOptions {
  readonly dModel: number;
  readonly layers: readonly number[];
  readonly dtype: 'float32' | 'float16';
  /** Rows of a shard (default: 8 MiB of float32 a layer). */
  readonly shardRows?: number;
}

const asBytes = (data: Float32Array | Uint16Array) =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

/** Opens an empty store in `dir`. The same appends give the same bytes, however they are grouped in time. */
export async function createStore(dir: string, options: StoreOptions): Promise<StoreWriter> {
  const { dModel, layers, dtype } = options;
  const shardRows = options.shardRows ?? Math.max(1, Math.floor(2 ** 21 / dModel));
  await mkdir(dir, { recursive: true });
  const buffers = new Map(layers.map((layer) => [layer, new Float32Array(shardRows * dModel)]));
  const columns: Record<keyof TokenTable, number[]> = { sample: [], position: [], class: [], id: [], afterImage: [] };
  const samples: string[] = [];
  const shards: number[] = [];
  const files: Record<string, string> = {};
  let filled = 0;

  async function put(file: string, bytes: Uint8Array): Promise<void> {
    files[file] = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(dir, file), bytes);
  }

  async function flush(): Promise<void> {
    if (filled === 0) return;
    for (const [layer, buffer] of buffers) {
      const rows = buffer.subarray(0, filled * dModel);
      await put(shardFile(layer, shards.length), asBytes(dtype === 'float16' ? encodeHalf(rows) : rows));
    }
    shards.push(filled);
    filled = 0;
  }

  function check(sample: string, tokens: number, rows: ReadonlyMap<number, Float32Array>): void {
    for (const layer of layers) {
      const data = rows.get(layer);
      if (data?.length !== tokens * dModel)
        throw new ParallaxError(
          `activations of sample ${sample}, layer ${layer}: ${data?.length ?? 0} numbers for ${tokens} tokens of width ${dModel}`,
          'harvest with the layers and width of the model',
        );
      const limit = dtype === 'float16' ? 65504 : Number.MAX_VALUE;
      if (data.some((v) => !(Math.abs(v) <= limit)))
        throw new ParallaxError(
          `activations of sample ${sample}, layer ${layer}: a value is not finite in ${dtype}`,
          dtype === 'float16' ? 'set sae.dtype to float32' : 'check the model: its residual stream overflows',
        );
    }
  }

  return {
    async append(sample, tokens, rows) {
      const count = tokens.position.length;
      check(sample, count, rows);
      for (let i = 0; i < count; i += 1) {
        columns.sample.push(samples.length);
        for (const name of ['position', 'class', 'id', 'afterImage'] as const) columns[name].push(tokens[name][i]!);
      }
      samples.push(sample);
      for (let from = 0; from < count; ) {
        const take = Math.min(count - from, shardRows - filled);
        for (const [layer, buffer] of buffers)
          buffer.set(rows.get(layer)!.subarray(from * dModel, (from + take) * dModel), filled * dModel);
        filled += take;
        from += take;
        if (filled === shardRows) await flush();
      }
    },
    async close() {
      await flush();
      const table: TokenTable = {
        sample: Uint32Array.from(columns.sample),
        position: Uint16Array.from(columns.position),
        class: Uint8Array.from(columns.class),
        id: Int32Array.from(columns.id),
        afterImage: Uint8Array.from(columns.afterImage),
      };
      await put(TABLE_FILE, encodeTable(table));
      const tokens = columns.sample.length;
      const meta: StoreFile = {
        ...{ format: 'parallax-activations', version: 1, dModel, layers: [...layers], tokens, dtype },
        ...{ samples, shards, files: Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))) },
      };
      await writeFile(join(dir, META_FILE), `${JSON.stringify(meta)}\n`);
      return { dModel, layers: [...layers], tokens, dtype, samples };
    },
  };
}
