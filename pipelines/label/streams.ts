import { z } from 'zod';
import { openStore } from '#pipelines/activations/index.ts';
import type { ActivationStore } from '#pipelines/activations/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import { dataset, type Sample } from '#pipelines/data/index.ts';
import { TOKEN_CLASS } from '#pipelines/models/types.ts';

/** A stream of held-out activations, and the data set that its samples are drawn from again. */
export const StreamSettings = z.strictObject({
  /** Inputs `<name>/0`, `<name>/1`, ... are its stores, in order. */
  name: z.string(),
  dataset: z.string(),
  seed: z.int().min(0),
  /** Index in the data set of the first sample of the stores. */
  from: z.int().min(0),
});
export type StreamSettings = z.infer<typeof StreamSettings>;

/** An open stream. Samples are counted from `first` over all streams. */
export interface Stream {
  readonly settings: StreamSettings;
  readonly store: ActivationStore;
  readonly first: number;
  readonly samples: number;
  /** Rows of sample k are `starts[k] .. starts[k + 1]`, `[samples + 1]`. */
  readonly starts: Uint32Array;
}

/** First row of each sample of a store, and the number of rows. */
export function sampleStarts(sample: Uint32Array, samples: number): Uint32Array {
  const starts = new Uint32Array(samples + 1);
  for (const s of sample) starts[s + 1]! += 1;
  for (let s = 0; s < samples; s++) starts[s + 1]! += starts[s]!;
  return starts;
}

/** Opens the streams over the stage's inputs. */
export async function openStreams(
  list: readonly StreamSettings[],
  inputs: Readonly<Record<string, string>>,
): Promise<Stream[]> {
  const streams: Stream[] = [];
  let first = 0;
  for (const settings of list) {
    const store = await openStore(needFolders(inputs, settings.name));
    const samples = store.meta.samples.length;
    streams.push({ settings, store, first, samples, starts: sampleStarts(store.table.sample, samples) });
    first += samples;
  }
  return streams;
}

/** The samples of a stream, drawn again. Throws `ParallaxError` where they are not those of the store. */
export async function* samplesOf({ settings, store, samples }: Stream): AsyncGenerator<Sample> {
  const { dataset: name, seed, from } = settings;
  let at = 0;
  for await (const sample of dataset(name, { seed, from, to: from + samples })) {
    if (sample.id !== store.meta.samples[at])
      throw new ParallaxError(
        `stream ${settings.name}: sample ${at} of the store is ${store.meta.samples[at]}, the data set gives ${sample.id}`,
        'give the seed and the first index that the stream was harvested with',
      );
    at += 1;
    yield sample;
  }
  if (at < samples)
    throw new ParallaxError(
      `stream ${settings.name}: data set ${name} ends after ${at} of the ${samples} samples of the store`,
      'give the data set that the stream was harvested from',
    );
}

/** Where the tokens of one sample stand: rows of image tokens in the grid's order, rows of the text shown. */
export interface Layout {
  readonly image: number[];
  readonly text: number[];
}

/** Text after the picture is shown; of a sample without picture all of it. */
export function layoutOf({ store: { table }, starts }: Stream, sample: number): Layout {
  const image: number[] = [];
  const text: number[] = [];
  for (let row = starts[sample]!; row < starts[sample + 1]!; row++)
    (table.class[row] === TOKEN_CLASS.image ? image : text).push(row);
  return { image, text: image.length > 0 ? text.filter((row) => table.afterImage[row] === 1) : text };
}
