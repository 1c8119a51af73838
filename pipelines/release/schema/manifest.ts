import { z } from 'zod';
import { Sha256 } from './ids.ts';

export const SCHEMA_VERSION = 1;

export const ModelInfo = z.object({
  role: z.enum(['base', 'tuned', 'control']),
  id: z.string(),
  sha256: Sha256,
  layers: z.int(),
  d_model: z.int(),
  heads: z.int(),
  kv_heads: z.int(),
  d_head: z.int(),
  vocab: z.int(),
  parameters: z.int(),
  licence: z.string(),
});

export const FileEntry = z.object({ bytes: z.int().min(0), sha256: Sha256 });

/** `manifest.json`. Its sha256 names the release; it names the sha256 of every other file. */
export const Manifest = z.object({
  schema_version: z.literal(SCHEMA_VERSION),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/),
  version: z.string().regex(/^\d{4}\.\d{1,2}\.\d{1,4}$/),
  title: z.string(),
  description: z.string(),
  date: z.iso.date(),
  authors: z.array(z.object({ name: z.string(), orcid: z.string().optional() })),
  licence: z.string(),
  generator: z.object({ name: z.literal('parallax'), version: z.string() }),
  models: z.array(ModelInfo),
  layers: z.array(z.int()),
  features_per_layer: z.int(),
  stages: z.array(z.string()),
  /** Method settings: the resolved config of the run. */
  settings: z.record(z.string(), z.unknown()),
  confidence: z.number(),
  counts: z.object({
    features: z.int(),
    spatial: z.int(),
    adapted: z.int(),
    heads: z.int(),
    examples: z.int(),
    images: z.int(),
    tokens: z.int(),
    samples: z.int(),
  }),
  /** Records a packed shard. */
  shard_size: z.int(),
  files: z.record(z.string(), FileEntry),
});
export type Manifest = z.infer<typeof Manifest>;
export type ModelInfo = z.infer<typeof ModelInfo>;
