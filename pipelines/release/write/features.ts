import { checkRecord } from '../check.ts';
import { bytesOf, ColumnBuilder } from '../columns.ts';
import { ReleaseError } from '../errors.ts';
import { featureId, PATHS } from '../ids.ts';
import { jsonBytes } from '../json.ts';
import { LABELS_PER_RECORD } from '../reader.ts';
import { SCALARS } from '../scalars.ts';
import type { FeatureExamples } from '../schema/examples.ts';
import type { Feature } from '../schema/feature.ts';
import { SearchBuilder } from '../search/build.ts';
import type { PackCodec } from '../shard.ts';
import { Packer } from './packer.ts';
import { ParquetBuilder } from './parquet.ts';
import type { Sink } from './sink.ts';

/** One layer: every feature in order of index, and examples, also in order, of those features that have some. */
export interface LayerInput {
  readonly layer: number;
  readonly features: AsyncIterable<Feature> | Iterable<Feature>;
  readonly examples: AsyncIterable<FeatureExamples> | Iterable<FeatureExamples>;
}

export interface FeatureCounts {
  features: number;
  spatial: number;
  adapted: number;
  examples: number;
}

export interface FeatureOptions {
  readonly shardSize: number;
  readonly codec?: PackCodec;
  /** Write the Parquet files (default). */
  readonly parquet?: boolean;
}

/** Writes what is made from features: cards, examples, labels, columns, posting lists, Parquet. */
export async function writeFeatures(
  sink: Sink,
  layers: readonly LayerInput[],
  perLayer: number,
  { shardSize, codec, parquet: tables = true }: FeatureOptions,
): Promise<FeatureCounts> {
  const total = layers.length * perLayer;
  const counts: FeatureCounts = { features: 0, spatial: 0, adapted: 0, examples: 0 };
  const cards = new Packer(sink, PATHS.cards, shardSize, codec);
  const examples = new Packer(sink, PATHS.examples, shardSize, codec);
  const labels = new Packer(sink, PATHS.labels, shardSize, codec);
  const columns = SCALARS.map((scalar) => new ColumnBuilder(scalar, total));
  const search = new SearchBuilder(total);
  let page: string[] = [];
  for (const { layer, ...input } of layers) {
    const parquet = tables ? new ParquetBuilder() : null;
    let index = 0;
    for await (const raw of input.features) {
      const feature = expectId(checkRecord('feature', `feature ${featureId(layer, index)}`, raw), layer, index);
      await cards.add(jsonBytes(feature));
      for (const column of columns) column.add(feature);
      search.add(feature);
      parquet?.add(feature);
      page.push(feature.label.text);
      if (page.length === LABELS_PER_RECORD) await labels.add(jsonBytes(page.splice(0)));
      counts.features += 1;
      counts.spatial += Number(feature.flags.spatial);
      counts.adapted += Number(feature.flags.adapted);
      index += 1;
    }
    if (index !== perLayer)
      throw new ReleaseError(
        'argument',
        `layer ${layer}: ${index} features, the release has ${perLayer} a layer`,
        'give every feature of the dictionary, dead ones too',
      );
    if (parquet) await sink.write(PATHS.parquet(layer), parquet.finish());
    counts.examples += await writeExamples(examples, input.examples, layer, perLayer);
  }
  if (page.length > 0) await labels.add(jsonBytes(page));
  page = [];
  for (const packer of [cards, examples, labels]) await packer.flush();
  const done = columns.map((c) => c.finish());
  for (const { column, data } of done) await sink.write(PATHS.column(column.name), bytesOf(data));
  await sink.write(
    PATHS.columns,
    jsonBytes(checkRecord('columns', PATHS.columns, { count: total, columns: done.map((c) => c.column) })),
  );
  const { order, index, shards } = search.finish();
  await sink.write(PATHS.rank, bytesOf(order));
  for (const { field, shard, bytes } of shards) await sink.write(PATHS.searchShard(field, shard), bytes);
  await sink.write(PATHS.searchIndex, jsonBytes(checkRecord('search', PATHS.searchIndex, index)));
  return counts;
}

async function writeExamples(
  packer: Packer,
  records: LayerInput['examples'],
  layer: number,
  perLayer: number,
): Promise<number> {
  let [next, count] = [0, 0];
  for await (const raw of records) {
    const record = checkRecord('examples', `examples of layer ${layer}`, raw);
    while (next < perLayer && record.id !== featureId(layer, next)) {
      await packer.add(null);
      next += 1;
    }
    if (next === perLayer)
      throw new ReleaseError(
        'argument',
        `examples of ${record.id}: out of order in layer ${layer}`,
        'give examples in order of the feature index',
      );
    await packer.add(jsonBytes(record));
    next += 1;
    count += record.examples.length;
  }
  for (; next < perLayer; next += 1) await packer.add(null);
  return count;
}

function expectId(feature: Feature, layer: number, index: number): Feature {
  const id = featureId(layer, index);
  if (feature.id !== id || feature.layer !== layer || feature.index !== index)
    throw new ReleaseError(
      'argument',
      `feature ${feature.id}: ${id} was expected`,
      'give every feature of a layer in order of its index',
    );
  return feature;
}
