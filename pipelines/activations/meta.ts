import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';

/** `meta.json` of one store folder: what the files hold, and the sha256 of each. */
export const StoreFile = z.strictObject({
  format: z.literal('parallax-activations'),
  version: z.literal(1),
  dModel: z.int().min(1),
  layers: z.array(z.int().min(0)),
  tokens: z.int().min(0),
  dtype: z.enum(['float32', 'float16']),
  samples: z.array(z.string()),
  /** Rows of each shard, in order. */
  shards: z.array(z.int().min(1)),
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});
export type StoreFile = z.infer<typeof StoreFile>;

export const BYTES = { float32: 4, float16: 2 } as const;

/** File of one layer's rows of one shard. */
export const shardFile = (layer: number, shard: number): string =>
  `L${String(layer).padStart(2, '0')}.${String(shard).padStart(4, '0')}.bin`;

export const TABLE_FILE = 'tokens.bin';
export const META_FILE = 'meta.json';

/** Bytes of one token in the table: sample u32, id i32, position u16, class u8, afterImage u8, column by column. */
export const TABLE_BYTES = 12;

export const damaged = (what: string, cause?: unknown): ParallaxError =>
  new ParallaxError(`activation store: ${what}`, 'delete that folder and harvest it again', { cause });
