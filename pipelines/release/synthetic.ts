import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { DictionaryInput } from './dictionary.ts';
import type { ReleaseId } from './schema/ids.ts';
import type { PackCodec } from './shard.ts';
import { draws } from './synthetic/draws.ts';
import { syntheticExamples } from './synthetic/examples.ts';
import { type Shape, syntheticFeature } from './synthetic/feature.ts';
import { syntheticHeads } from './synthetic/heads.ts';
import { type Picture, pictures } from './synthetic/pictures.ts';
import { syntheticRelated } from './synthetic/related.ts';
import { syntheticQuality, syntheticSummary } from './synthetic/tables.ts';
import { type ManifestDraft, type ReleaseInput, writeRelease } from './writer.ts';

export interface SyntheticOptions {
  /** Layers, numbered from 0. */
  readonly layers?: number;
  /** Features a layer. */
  readonly features?: number;
  readonly heads?: number;
  /** Width of the residual stream. */
  readonly width?: number;
  /** Write an examples record of most features. */
  readonly examples?: boolean;
  readonly pictures?: number;
  /** Only what look-up, lists and search read, packed by this machine's own zlib: many times faster, for millions of features. */
  readonly lean?: boolean;
  /** Records a packed shard. */
  readonly shardSize?: number;
  readonly seed?: number;
  readonly name?: string;
  readonly version?: string;
}

const DEFAULTS: Required<SyntheticOptions> = {
  layers: 6,
  features: 1024,
  heads: 8,
  width: 64,
  examples: true,
  pictures: 24,
  lean: false,
  shardSize: 64,
  seed: 1,
  name: 'synthetic',
  version: '2026.1.0',
};

const NOBODY = '0'.repeat(64);

const draft = (shape: Shape, options: Required<SyntheticOptions>): ManifestDraft => ({
  name: options.name,
  version: options.version,
  title: 'Synthetic release',
  description: 'Made from a seed to test readers, pages and speed. Nothing in it was measured.',
  date: '2026-01-01',
  authors: [{ name: 'Parallax' }],
  licence: 'https://creativecommons.org/publicdomain/zero/1.0/',
  generator: { name: 'parallax', version: '0.1.0' },
  models: (['base', 'tuned'] as const).map((role) => ({
    role,
    id: `synthetic-${role}`,
    sha256: NOBODY,
    layers: options.layers,
    d_model: shape.width,
    heads: shape.heads,
    kv_heads: shape.heads,
    d_head: Math.max(1, Math.floor(shape.width / shape.heads)),
    vocab: 20_000,
    parameters: 1,
    licence: 'none',
  })),
  features_per_layer: shape.features,
  stages: ['S', 'D', 'M', 'F', 'F2', 'C'],
  settings: { synthetic: { ...options } },
  shard_size: options.shardSize,
  confidence: 0.95,
  counts: { tokens: 100_000, samples: 2000 },
});

function dictionary(shape: Shape, layer: number, stage: number): DictionaryInput {
  const draw = draws(shape.seed, 8, layer, stage);
  const fill = (length: number, size: number) => Float32Array.from({ length }, () => draw.real(-size, size));
  const [n, d] = [shape.features, shape.width];
  const wDec = fill(n * d, Math.sqrt(3 / d));
  const wEnc = new Float32Array(n * d);
  for (let i = 0; i < n; i += 1) for (let j = 0; j < d; j += 1) wEnc[j * n + i] = wDec[i * d + j]!;
  return {
    d,
    n,
    activation: 'topk',
    k: 16,
    scale: 1,
    applyBDec: true,
    wEnc,
    bEnc: fill(n, 0.1),
    wDec,
    bDec: fill(d, 0.1),
  };
}

const stages = (shape: Shape, layer: number) =>
  new Map(['S', 'F'].map((stage, i) => [stage, dictionary(shape, layer, i)]));

/** The platform's own code: its bytes depend on its version. */
const NATIVE: PackCodec = {
  deflate: (record) => deflateRawSync(record),
  sha256: (record) => createHash('sha256').update(record).digest(),
};

function* examplesOf(shape: Shape, layer: number, shown: readonly Picture[]) {
  for (let i = 0; i < shape.features; i += 1) {
    const record = syntheticExamples(shape, layer, i, shown);
    if (record) yield record;
  }
}

function* featuresOf(shape: Shape, layer: number) {
  for (let i = 0; i < shape.features; i += 1) yield syntheticFeature(shape, layer, i);
}

/** Input of a synthetic release: same options, same records. */
export async function syntheticInput(options: SyntheticOptions = {}): Promise<ReleaseInput> {
  const all = { ...DEFAULTS, ...options };
  const layers = Array.from({ length: all.layers }, (_, i) => i);
  const shape: Shape = { seed: all.seed, layers, features: all.features, heads: all.heads, width: all.width };
  const shown = await pictures(all.seed, all.pictures);
  return {
    manifest: draft(shape, all),
    layers: layers.map((layer) => ({
      layer,
      features: featuresOf(shape, layer),
      examples: all.examples && !all.lean ? examplesOf(shape, layer, shown) : [],
    })),
    heads: syntheticHeads(shape, shown),
    quality: syntheticQuality(shape),
    summary: syntheticSummary(shape),
    related: syntheticRelated(shape),
    images: new Map(shown.map((p) => [p.sha256, p.bytes])),
    ...(all.lean ? { codec: NATIVE, parquet: false } : { dictionaries: async (layer) => stages(shape, layer) }),
  };
}

/**
 * Writes a release of any size made from a seed, its records as large as real ones, below `parent`.
 *
 * @example await writeSynthetic('.parallax/releases', { layers: 6, features: 1024 })
 */
export const writeSynthetic = async (parent: string, options: SyntheticOptions = {}): Promise<ReleaseId> =>
  writeRelease(parent, await syntheticInput(options));
