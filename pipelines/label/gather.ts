import type { Sample } from '#pipelines/data/sample.ts';
import type { Encoder } from '#pipelines/sae/index.ts';
import type { Example, SampleRecord, Sparse } from '#release/schema/index.ts';
import { altOf } from './alt.ts';
import type { HitTokens } from './facts.ts';
import { encodeStream, visitRows } from './scan.ts';
import { layoutOf, type Stream, samplesOf } from './streams.ts';

/** One sample as it is shown, whatever the feature. */
export interface ShownSample {
  readonly record: SampleRecord;
  readonly sample: Sample;
}

/** All that is shown of some features' hits. */
export interface Gathered {
  /** By sample, counted over all streams. */
  readonly samples: Map<number, ShownSample>;
  /** By feature, then sample. */
  readonly hits: Map<number, Map<number, HitTokens>>;
}

export interface GatherOptions {
  readonly layer: number;
  readonly encoder: Encoder;
  /** Text of a token id. */
  tokenText(id: number): string;
  /** Writes the picture of a sample and gives its hash; called once a sample that is wanted. */
  picture(sample: Sample): Promise<string | null>;
}

/** Reads the token activations of the wanted hits of a stream: `wanted` gives the features to show by sample. */
export async function gather(
  into: Gathered,
  stream: Stream,
  wanted: ReadonlyMap<number, ReadonlySet<number>>,
  options: GatherOptions,
): Promise<void> {
  const draws = samplesOf(stream);
  for await (const chunk of encodeStream(stream, options.layer, options.encoder))
    for (let k = chunk.first; k < chunk.last; k++) {
      const sample = (await draws.next()).value as Sample;
      const at = stream.first + k;
      const features = wanted.get(at);
      if (!features) continue;
      const { image, text } = layoutOf(stream, k);
      const tokens = text.map((row) => options.tokenText(stream.store.table.id[row]!));
      const grid = squareOf(image.length);
      if (!into.samples.has(at))
        into.samples.set(at, { sample, record: await recordOf(sample, tokens, grid, options) });
      const patchOf = new Map(image.map((row, patch) => [row, patch]));
      const tokenOf = new Map(text.map((row, token) => [row, token]));
      const mine = new Map(
        Array.from(features, (feature) => [
          feature,
          { image: new Map<number, number>(), text: new Map<number, number>() },
        ]),
      );
      visitRows(chunk, stream.starts[k]!, stream.starts[k + 1]!, (feature, row, value) => {
        const patch = patchOf.get(row);
        const token = tokenOf.get(row);
        if (patch !== undefined) mine.get(feature)?.image.set(patch, value);
        else if (token !== undefined) mine.get(feature)?.text.set(token, value);
      });
      for (const [feature, activations] of mine) {
        const hits = into.hits.get(feature) ?? new Map<number, HitTokens>();
        into.hits.set(feature, hits.set(at, { sample, grid, tokens, ...activations }));
      }
    }
}

/** Image tokens as a square grid; null where there are none, or not a square number (cut pictures have no heatmap). */
function squareOf(patches: number): SampleRecord['grid'] {
  const side = Math.sqrt(patches);
  return patches > 0 && Number.isInteger(side) ? { rows: side, columns: side } : null;
}

async function recordOf(
  sample: Sample,
  tokens: string[],
  grid: SampleRecord['grid'],
  { picture }: GatherOptions,
): Promise<SampleRecord> {
  const { id, prompt, answer, truth } = sample;
  const hash = grid && sample.image ? await picture(sample) : null;
  const alt = hash && truth?.scene ? altOf(truth.scene) : null;
  return { id, image: hash, grid, tokens, family: truth?.family ?? 'text', prompt, answer: answer ?? null, alt };
}

/** Activations are shown to three digits. */
const round = (x: number): number => Number(x.toPrecision(3));

function sparse(map: ReadonlyMap<number, number>): Sparse {
  const entries = [...map].sort(([a], [b]) => a - b);
  return { index: entries.map(([i]) => i), value: entries.map(([, v]) => round(v)) };
}

/** One hit as an example of a record whose samples are numbered by `place`. */
export function exampleOf(hit: HitTokens, sample: number, interval: string): Example {
  const max = Math.max(0, ...hit.image.values(), ...hit.text.values());
  return { sample, interval, max: round(max), image: sparse(hit.image), text: sparse(hit.text) };
}
