import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import type { Sample } from '#pipelines/data/sample.ts';
import { openWords } from '#pipelines/models/words.ts';
import { createEncoder, type Encoder, loadSae } from '#pipelines/sae/index.ts';
import type { FeatureExamples } from '#release/schema/index.ts';
import { factsOf } from './facts.ts';
import { exampleOf, type Gathered, gather } from './gather.ts';
import { type Interval, intervalsOf } from './intervals.ts';
import { writePicture } from './pictures.ts';
import { emptyReservoir, mergeReservoirs, type Reservoir } from './reservoir.ts';
import { scanStream } from './scan.ts';
import { openStreams, type Stream, StreamSettings } from './streams.ts';

export const ExamplesSettings = z.strictObject({
  layer: z.int().min(0),
  seed: z.int().min(0),
  /** Held-out streams that the examples come from. */
  streams: z.array(StreamSettings).min(1),
  /** Two streams over the same pictures: a spatial question and its matched one. */
  pairs: z.strictObject({ spatial: StreamSettings, matched: StreamSettings }).nullable(),
  /** Hits shown: strongest, from each quarter, pairs. */
  shown: z.strictObject({ top: z.int().min(1), bin: z.int().min(0), pairs: z.int().min(0) }),
});
export type ExamplesSettings = z.input<typeof ExamplesSettings>;

/** Strongest hits behind a feature's facts, and hits drawn at random for its quarters. */
const FACT_HITS = 16;
const DRAWN = 256;
/** Features whose examples are held in memory at once. */
const GROUP = 2048;

interface Chosen {
  readonly reservoir: Reservoir;
  readonly intervals: readonly Interval[];
  /** Samples of the spatial stream whose pairs are shown. */
  readonly pairs: readonly number[];
}

/**
 * Examples of every feature of one layer. Inputs: `sae`, and the stores of each stream as `<stream>/<i>`; files: `model`, for its tokenizer.
 * Output: `examples.jsonl` (`FeatureExamples` a line, in the order of the features; features that never fire have no examples),
 * `facts.jsonl` (`ExampleFacts` a line), `images/<sha256>.webp`.
 */
export const run: StageRun = async ({ settings, inputs, files, out, device, progress }) => {
  const { layer, seed, streams: list, pairs, shown } = ExamplesSettings.parse(settings);
  const sae = await loadSae(inputs['sae']!);
  const encoder = await createEncoder(sae, { device });
  const all = await openStreams([...list, ...(pairs ? [pairs.spatial, pairs.matched] : [])], inputs);
  const streams = all.slice(0, list.length);
  const [spatial, matched] = all.slice(list.length);
  const samples = streams.reduce((sum, stream) => sum + stream.samples, 0);
  const sizes = { top: Math.max(FACT_HITS, shown.top), drawn: DRAWN };

  const reservoirs = await scanAll(streams, layer, encoder, sae.n, { seed, sizes });
  const after = (row: number) => spatial?.store.table.afterImage[row] === 1;
  const paired = spatial
    ? await scanStream(spatial, layer, encoder, sae.n, { seed, sizes: { top: shown.pairs, drawn: 0 }, counts: after })
    : [];
  const chosen = reservoirs.map(
    (reservoir, feature): Chosen => ({
      reservoir,
      intervals: intervalsOf(reservoir, shown),
      pairs: paired[feature]?.top.map((hit) => hit.sample) ?? [],
    }),
  );

  const words = await openWords(files['model']!, { lists: true });
  const hashes = new Map<string, string>();
  const picture = async (sample: Sample): Promise<string> => {
    const hash = hashes.get(sample.id) ?? (await writePicture(join(out, 'images'), sample.image!));
    hashes.set(sample.id, hash);
    return hash;
  };
  const twin = matched && spatial ? matched.first - spatial.first : 0;
  const lines = { examples: [] as string[], facts: [] as string[] };
  for (let from = 0; from < sae.n; from += GROUP) {
    const to = Math.min(sae.n, from + GROUP);
    const gathered: Gathered = { samples: new Map(), hits: new Map() };
    const wanted = wantedOf(chosen, from, to, twin);
    for (const stream of all)
      await gather(gathered, stream, wanted, { layer, encoder, tokenText: words.tokenText, picture });
    for (let feature = from; feature < to; feature++) {
      const mine = chosen[feature]!;
      lines.examples.push(JSON.stringify(examplesOf(`L${layer}F${feature}`, feature, mine, gathered, twin)));
      const hits = mine.reservoir.top.slice(0, FACT_HITS).map((hit) => gathered.hits.get(feature)!.get(hit.sample)!);
      lines.facts.push(JSON.stringify(factsOf(feature, mine.reservoir.fired, samples, hits)));
    }
    progress(to, sae.n, 'features');
  }
  await encoder.close();
  await writeFile(join(out, 'examples.jsonl'), `${lines.examples.join('\n')}\n`);
  await writeFile(join(out, 'facts.jsonl'), `${lines.facts.join('\n')}\n`);
};

async function scanAll(
  streams: readonly Stream[],
  layer: number,
  encoder: Encoder,
  n: number,
  options: { seed: number; sizes: { top: number; drawn: number } },
): Promise<Reservoir[]> {
  let merged = new Array<Reservoir>(n).fill(emptyReservoir);
  for (const stream of streams) {
    const more = await scanStream(stream, layer, encoder, n, options);
    merged = merged.map((reservoir, f) => mergeReservoirs(reservoir, more[f]!, options.sizes));
  }
  return merged;
}

/** Sample -> features of the group to show there: those of the facts, of the intervals, and both sides of a pair. */
function wantedOf(chosen: readonly Chosen[], from: number, to: number, twin: number): Map<number, Set<number>> {
  const wanted = new Map<number, Set<number>>();
  const want = (sample: number, feature: number) => wanted.set(sample, (wanted.get(sample) ?? new Set()).add(feature));
  for (let feature = from; feature < to; feature++) {
    const { reservoir, intervals, pairs } = chosen[feature]!;
    for (const hit of reservoir.top.slice(0, FACT_HITS)) want(hit.sample, feature);
    for (const hit of intervals.flatMap((interval) => interval.hits)) want(hit.sample, feature);
    for (const sample of pairs.flatMap((first) => [first, first + twin])) want(sample, feature);
  }
  return wanted;
}

/** The record of one feature; its samples are numbered in the order in which they are first shown. */
function examplesOf(id: string, feature: number, chosen: Chosen, gathered: Gathered, twin: number): FeatureExamples {
  const places = new Map<number, number>();
  const show = (sample: number, interval: string) => {
    const place = places.get(sample) ?? places.size;
    places.set(sample, place);
    return exampleOf(gathered.hits.get(feature)!.get(sample)!, place, interval);
  };
  const examples = chosen.intervals.flatMap(({ name, hits }) => hits.map((hit) => show(hit.sample, name)));
  const pairs = chosen.pairs.map((sample) => ({ spatial: show(sample, 'pair'), matched: show(sample + twin, 'pair') }));
  return { id, samples: [...places.keys()].map((sample) => gathered.samples.get(sample)!.record), examples, pairs };
}
