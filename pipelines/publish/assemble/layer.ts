import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { type LayerDiff, openLayerDiff } from '#pipelines/diff/index.ts';
import { CausalFile, type RankFile } from '#pipelines/heads/files.ts';
import { ExampleFacts } from '#pipelines/label/facts.ts';
import { ActivityFile, type SimilarFile } from '#pipelines/label/files.ts';
import { featureLabel } from '#pipelines/label/rule.ts';
import { featureSentence } from '#pipelines/label/sentence.ts';
import { TokensFile } from '#pipelines/label/tokens.stage.ts';
import { WrittenFile, type WrittenLabel, writtenLabel } from '#pipelines/label/written/file.ts';
import type { SpatialResult } from '#pipelines/spatial/index.ts';
import type { Feature, FeatureExamples } from '#release/schema/index.ts';

/** Everything that was found out about one layer. */
export interface LayerEvidence {
  readonly layer: number;
  readonly diff: LayerDiff;
  /** By feature index; null where the run did not measure it, or the feature fires on too few pictures. */
  readonly monosemanticity: readonly (number | null)[] | null;
  readonly activity: ActivityFile;
  readonly tokens: z.infer<typeof TokensFile>;
  readonly facts: readonly ExampleFacts[];
  readonly causal: CausalFile;
  /** Labels by a language model, where one was given. */
  readonly written: readonly WrittenLabel[];
  /** `examples.jsonl`, a line a feature. */
  readonly examples: string;
}

const json = async (folder: string, name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(folder, name), 'utf8'));

/** Reads the folders of one layer's stages (roles `diff/<l>`, `activity/<l>`, `tokens/<l>`, `examples/<l>`, `causal/<l>`). */
export async function readLayer(
  inputs: Readonly<Record<string, string>>,
  layer: number,
  monosemanticity: LayerEvidence['monosemanticity'],
): Promise<LayerEvidence> {
  const of = (role: string) => inputs[`${role}/${layer}`]!;
  const facts = (await readFile(join(of('examples'), 'facts.jsonl'), 'utf8')).trimEnd().split('\n');
  return {
    layer,
    monosemanticity,
    diff: await openLayerDiff(of('diff'), inputs['diff']!, layer),
    activity: ActivityFile.parse(await json(of('activity'), 'activity.json')),
    tokens: TokensFile.parse(await json(of('tokens'), 'tokens.json')),
    facts: facts.map((line) => ExampleFacts.parse(JSON.parse(line))),
    causal: CausalFile.parse(await json(of('causal'), 'causal.json')),
    written: inputs[`written/${layer}`] ? WrittenFile.parse(await json(of('written'), 'written.json')) : [],
    examples: join(of('examples'), 'examples.jsonl'),
  };
}

/** What all layers share. */
export interface Shared {
  readonly spatial: SpatialResult;
  readonly rank: RankFile;
  readonly similar: SimilarFile;
}

/** The records of one layer, in order of index. */
export function* featuresOf(evidence: LayerEvidence, shared: Shared): Generator<Feature> {
  for (let index = 0; index < evidence.diff.features; index += 1) yield featureOf(evidence, shared, index);
}

function featureOf(evidence: LayerEvidence, { spatial, rank, similar }: Shared, index: number): Feature {
  const { layer } = evidence;
  const { flags, ...diff } = evidence.diff.feature(index);
  const found = spatial.feature(layer, index);
  const traced = rank.features.find((f) => f.layer === layer && f.feature === index);
  const alike = similar.find((s) => s.layer === layer);
  const facts = evidence.facts[index]!;
  const similarity = evidence.monosemanticity?.[index] ?? null;
  const { promoted, suppressed } = evidence.tokens[index]!;
  const record: Omit<Feature, 'label' | 'sentence'> = {
    id: `L${layer}F${index}`,
    layer,
    index,
    ...diff,
    flags: { ...flags, spatial: found.spatial, decoy: found.decoy },
    ...evidence.activity[index]!,
    spatial: found.evidence,
    stability: { share: found.stability, splits: spatial.file.splits.spatial.length },
    ...(similarity === null ? {} : { monosemanticity: similarity }),
    heads: traced?.edges ?? [],
    concentration: traced?.concentration ?? null,
    causal: evidence.causal.find((c) => c.feature === index)?.tests ?? [],
    promoted,
    suppressed,
    neighbours: (alike?.neighbours[index] ?? []).map(([l, i, cosine]) => ({ id: `L${l}F${i}`, cosine })),
    matches: (alike?.matches[index] ?? []).map(([l, i, correlation]) => ({ id: `L${l}F${i}`, correlation })),
  };
  const written = evidence.written.find((w) => w.feature === index);
  const label = written ? writtenLabel(written) : featureLabel(record, facts);
  return { ...record, label, sentence: featureSentence(record, facts) };
}

/** The layer's examples, a record at a time; features that never fire have none. */
export async function* examplesOf(evidence: LayerEvidence): AsyncGenerator<FeatureExamples> {
  const lines = createInterface({ input: createReadStream(evidence.examples), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const record = JSON.parse(line) as FeatureExamples;
    if (record.examples.length > 0 || record.pairs.length > 0) yield record;
  }
}
