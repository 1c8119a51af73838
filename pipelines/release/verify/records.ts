import { type ColumnData, columnValue } from '../columns.ts';
import { PATHS, parseFeatureId } from '../ids.ts';
import type { ReleaseReader } from '../reader.ts';
import { SCALARS } from '../scalars.ts';
import type { Example, FeatureExamples } from '../schema/examples.ts';
import type { Feature } from '../schema/feature.ts';
import type { Manifest } from '../schema/manifest.ts';
import type { RelatedFile } from '../schema/related.ts';
import type { StepsFile } from '../schema/steps.ts';
import type { Problem } from './files.ts';

/** What references may point at. */
interface Known {
  readonly reader: ReleaseReader;
  readonly heads: ReadonlySet<string>;
}

const hasFeature = ({ reader }: Known, id: string): boolean => {
  const place = parseFeatureId(id);
  return place !== null && reader.ordinal(place.layer, place.index) !== null;
};

/** References of a card that lead nowhere. */
function* cardReferences(known: Known, f: Feature): Iterable<string> {
  for (const { id } of f.neighbours) if (!hasFeature(known, id)) yield `neighbours: ${id} is not in the release`;
  for (const { id } of f.matches) if (!hasFeature(known, id)) yield `matches: ${id} is not in the release`;
  for (const { head } of f.heads) if (!known.heads.has(head)) yield `heads: ${head} is not in ${PATHS.heads}`;
  if (f.histogram.edges.length !== f.histogram.counts.length + 1) yield 'histogram: counts do not fit the edges';
}

/** References and lengths of an examples record that do not fit. */
function* exampleReferences({ reader }: Known, record: FeatureExamples): Iterable<string> {
  for (const sample of record.samples)
    if (sample.image && !Object.hasOwn(reader.manifest.files, PATHS.image(sample.image)))
      yield `samples: picture ${sample.image} is not in the release`;
  const shown: [string, Example][] = [
    ...record.examples.map((e): [string, Example] => ['examples', e]),
    ...record.pairs.flatMap(({ spatial, matched }): [string, Example][] => [
      ['pairs.spatial', spatial],
      ['pairs.matched', matched],
    ]),
  ];
  for (const [where, example] of shown) {
    const sample = record.samples[example.sample];
    if (!sample) yield `${where}: sample ${example.sample} of ${record.samples.length}`;
    for (const [kind, length] of [
      ['image', sample?.grid ? sample.grid.rows * sample.grid.columns : 0],
      ['text', sample?.tokens.length ?? 0],
    ] as const) {
      const { index, value } = example[kind];
      if (index.length !== value.length) yield `${where}.${kind}: ${index.length} places for ${value.length} values`;
      if (sample && index.some((i) => i >= length)) yield `${where}.${kind}: a place beyond its ${length} tokens`;
    }
  }
}

/** Features and heads that the related analyses name and the release does not have. */
function* relatedReferences(known: Known, { monosemanticity, attention }: RelatedFile): Iterable<string> {
  for (const { id } of (monosemanticity ?? []).flatMap((row) => row.top))
    if (!hasFeature(known, id)) yield `monosemanticity: ${id} is not in the release`;
  for (const { head } of attention ?? [])
    if (head !== null && !known.heads.has(head)) yield `attention: ${head} is not in ${PATHS.heads}`;
}

/** Steps that do not ascend, and layers that the release does not have. */
function* stepReferences({ reader }: Known, { steps }: StepsFile): Iterable<string> {
  for (const [i, { step }] of steps.entries())
    if (i > 0 && step <= steps[i - 1]!.step) yield `steps: ${step} does not follow ${steps[i - 1]!.step}`;
  for (const { step, layers } of steps)
    for (const { layer } of layers)
      if (!reader.manifest.layers.includes(layer)) yield `step ${step}: layer ${layer} is not in the release`;
}

function* columnMismatch(
  columns: ReadonlyMap<string, ColumnData>,
  ordinal: number,
  feature: Feature,
): Iterable<Problem> {
  for (const { name, of } of SCALARS) {
    const column = columns.get(name);
    const value = of(feature);
    if (!column) continue;
    const kept = columnValue(column, ordinal);
    const expected = value !== null && column.column.type === 'f32' ? Math.fround(value) : value;
    if (kept !== expected)
      yield { file: PATHS.column(name), message: `${feature.id}: ${kept}, its card says ${expected}` };
  }
}

const attempt = async <T>(file: string, read: () => Promise<T>): Promise<T | Problem> => {
  try {
    return await read();
  } catch (error) {
    return { file, message: (error as Error).message };
  }
};
const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'file' in value && 'message' in value;

/** Reads every record against its schema, its references, its columns and label, and the manifest's counts. */
export async function* verifyRecords(reader: ReleaseReader): AsyncIterable<Problem> {
  const heads = await attempt(PATHS.heads, () => reader.heads());
  if (isProblem(heads)) return yield heads;
  const columns = await attempt(PATHS.columns, () => reader.columns());
  if (isProblem(columns)) return yield columns;
  const known: Known = { reader, heads: new Set(heads.heads.map((h) => h.id)) };
  const counts: Partial<Manifest['counts']> = {
    features: 0,
    spatial: 0,
    adapted: 0,
    examples: 0,
    heads: heads.heads.length,
  };
  for (let ordinal = 0; ordinal < reader.count; ordinal += 1) {
    const { layer, index, id } = reader.locate(ordinal);
    const card = await attempt(id, () => reader.feature(layer, index));
    if (card === null) yield { file: id, message: 'has no card' };
    else if (isProblem(card)) yield card;
    else {
      counts.features! += 1;
      counts.spatial! += Number(card.flags.spatial);
      counts.adapted! += Number(card.flags.adapted);
      for (const message of cardReferences(known, card)) yield { file: id, message };
      yield* columnMismatch(columns, ordinal, card);
      const labels = await attempt(`label of ${id}`, () => reader.labels([ordinal]));
      if (isProblem(labels)) yield labels;
      else if (labels[0] !== card.label.text) yield { file: `label of ${id}`, message: 'is not the label of its card' };
    }
    const examples = await attempt(`examples of ${id}`, () => reader.examples(layer, index));
    if (isProblem(examples)) yield examples;
    else if (examples) {
      counts.examples! += examples.examples.length;
      for (const message of exampleReferences(known, examples)) yield { file: `examples of ${id}`, message };
    }
  }
  for (const head of heads.heads)
    for (const { id } of head.features)
      if (!hasFeature(known, id))
        yield { file: PATHS.heads, message: `${head.id}: feature ${id} is not in the release` };
  const related = await attempt(PATHS.related, () => reader.related());
  if (isProblem(related)) yield related;
  else if (related) for (const message of relatedReferences(known, related)) yield { file: PATHS.related, message };
  const steps = await attempt(PATHS.steps, () => reader.steps());
  if (isProblem(steps)) yield steps;
  else if (steps) for (const message of stepReferences(known, steps)) yield { file: PATHS.steps, message };
  for (const [name, count] of Object.entries(counts)) {
    const promised = reader.manifest.counts[name as keyof Manifest['counts']];
    if (promised !== count) yield { file: PATHS.manifest, message: `counts.${name}: ${promised}, there are ${count}` };
  }
}
