import { checkRecord } from './check.ts';
import { ReleaseError } from './errors.ts';
import { PATHS, releaseId } from './ids.ts';
import { jsonBytes } from './json.ts';
import type { HeadsFile } from './schema/heads.ts';
import type { ReleaseId } from './schema/ids.ts';
import { type Manifest, SCHEMA_VERSION } from './schema/manifest.ts';
import type { QualityFile } from './schema/quality.ts';
import type { RelatedFile } from './schema/related.ts';
import type { StepsFile } from './schema/steps.ts';
import type { Summary } from './schema/summary.ts';
import type { PackCodec } from './shard.ts';
import { citationFile } from './write/citation.ts';
import { roCrate } from './write/crate.ts';
import { croissant } from './write/croissant.ts';
import { type DictionaryLoader, writeDictionaries } from './write/dictionaries.ts';
import { type LayerInput, writeFeatures } from './write/features.ts';
import { Sink } from './write/sink.ts';

export type { DictionaryLoader } from './write/dictionaries.ts';
export type { LayerInput } from './write/features.ts';

const SHARD_SIZE = 64;

/** What the run says of itself; the writer counts the rest. */
export type ManifestDraft = Omit<Manifest, 'schema_version' | 'layers' | 'counts' | 'shard_size' | 'files'> & {
  readonly counts: { readonly tokens: number; readonly samples: number };
  /** Records a packed shard, 64 by default. */
  readonly shard_size?: number;
};

export interface ReleaseInput {
  readonly manifest: ManifestDraft;
  /** In ascending order. */
  readonly layers: readonly LayerInput[];
  readonly heads: HeadsFile;
  readonly quality: QualityFile;
  readonly summary: Summary;
  /** Analyses of neighbouring works; left out: the release has no `related.json`. */
  readonly related?: RelatedFile;
  /** The pair through its training; left out: the release has no `steps.json`. */
  readonly steps?: StepsFile;
  /** sha256 of the WebP bytes -> the bytes. */
  readonly images: ReadonlyMap<string, Uint8Array>;
  /** Dictionaries of a layer by stage, `F` among them; called twice a layer. Left out: no dictionaries, map or probe. */
  readonly dictionaries?: DictionaryLoader;
  /** Left out: packed to the same bytes on every machine, as every release that is published must be. */
  readonly codec?: PackCodec;
  /** False: no Parquet files. */
  readonly parquet?: boolean;
}

/**
 * Writes a release as `<parent>/<release id>`: below a temporary name first, renamed when whole. Same input, same bytes, same
 * id; a release that already stands there is left as it is.
 * @throws ReleaseError that names the record and field which does not fit
 */
export async function writeRelease(parent: string, input: ReleaseInput): Promise<ReleaseId> {
  const layers = input.layers.map((l) => l.layer);
  if (layers.some((layer, i) => i > 0 && layer <= layers[i - 1]!))
    throw new ReleaseError(
      'argument',
      `layers: ${layers.join(', ')} do not ascend`,
      'give every layer once, in ascending order',
    );
  const sink = await Sink.create(parent, input.manifest.name);
  try {
    const id = await writeAll(sink, layers, input);
    await sink.publish(parent, id);
    return id;
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

async function writeAll(sink: Sink, layers: readonly number[], input: ReleaseInput): Promise<string> {
  const { counts: given, shard_size = SHARD_SIZE, ...draft } = input.manifest;
  for (const [hash, bytes] of [...input.images].sort(([a], [b]) => (a < b ? -1 : 1)))
    if ((await sink.write(PATHS.image(hash), bytes)) !== hash)
      throw new ReleaseError(
        'argument',
        `image ${hash}: its name is not its sha256`,
        'name every picture by the sha256 of its WebP bytes',
      );
  const counts = await writeFeatures(sink, input.layers, draft.features_per_layer, {
    shardSize: shard_size,
    ...(input.codec ? { codec: input.codec } : {}),
    ...(input.parquet === undefined ? {} : { parquet: input.parquet }),
  });
  for (const name of ['heads', 'quality', 'summary'] as const)
    await sink.write(PATHS[name], jsonBytes(checkRecord(name, PATHS[name], input[name])));
  for (const name of ['related', 'steps'] as const)
    if (input[name]) await sink.write(PATHS[name], jsonBytes(checkRecord(name, PATHS[name], input[name])));
  if (input.dictionaries) await writeDictionaries(sink, layers, draft.features_per_layer, input.dictionaries);
  const manifest: Omit<Manifest, 'files'> = {
    ...draft,
    schema_version: SCHEMA_VERSION,
    layers: [...layers],
    counts: { ...counts, heads: input.heads.heads.length, images: input.images.size, ...given },
    shard_size,
  };
  await sink.write(PATHS.croissant, jsonBytes(croissant(manifest, sink.files)));
  await sink.write(PATHS.crate, jsonBytes(roCrate(manifest, sink.files)));
  await sink.write(PATHS.citation, new TextEncoder().encode(citationFile(manifest)));
  const files = Object.fromEntries(Object.entries(sink.files).sort(([a], [b]) => (a < b ? -1 : 1)));
  const whole = checkRecord('manifest', PATHS.manifest, { ...manifest, files });
  return releaseId(whole, await sink.write(PATHS.manifest, jsonBytes(whole)));
}
