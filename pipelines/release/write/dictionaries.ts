import { bytesOf } from '../columns.ts';
import { type DictionaryInput, encodeDictionaries } from '../dictionary.ts';
import { ReleaseError } from '../errors.ts';
import { PATHS } from '../ids.ts';
import { encodeMap, principalPlane, project } from '../layout.ts';
import { encodeEncoder, quantiseEncoder } from '../probe/encoder.ts';
import { ACTIVATIONS } from '../probe/probe.ts';
import type { Sink } from './sink.ts';

export type DictionaryLoader = (layer: number) => Promise<ReadonlyMap<string, DictionaryInput>>;

/** Rows that find the plane of the map. */
const SAMPLE = 8192;
const STAGE = 'F';

/** The dictionaries of every layer, the int8 encoders of stage F, and the map of its decoder rows. */
export async function writeDictionaries(
  sink: Sink,
  layers: readonly number[],
  features: number,
  load: DictionaryLoader,
): Promise<void> {
  const step = Math.max(1, Math.ceil((layers.length * features) / SAMPLE));
  const sample: Float32Array[] = [];
  for (const layer of layers) {
    const stages = await load(layer);
    const tuned = decoder(layer, features, stages);
    for (let i = 0; i < features; i += step) sample.push(tuned.wDec.slice(i * tuned.d, (i + 1) * tuned.d));
    await sink.write(PATHS.dictionary(layer), encodeDictionaries(stages));
    // A gated encoder is not one product with one threshold: the release then has no probe.
    if (Object.hasOwn(ACTIVATIONS, tuned.activation))
      await sink.write(PATHS.encoder(layer), encodeEncoder(quantiseEncoder(tuned)));
  }
  const d = sample[0]?.length ?? 0;
  if (!sample.every((row) => row.length === d))
    throw new ReleaseError('argument', 'dictionaries: the layers differ in width', 'give dictionaries of one model');
  const rows = new Float32Array(sample.length * d);
  sample.forEach((row, i) => {
    rows.set(row, i * d);
  });
  const plane = principalPlane(rows, d);
  const xy = new Float64Array(2 * layers.length * features);
  for (const [at, layer] of layers.entries())
    xy.set(project(plane, decoder(layer, features, await load(layer)).wDec), 2 * at * features);
  await sink.write(PATHS.map, bytesOf(encodeMap(xy)));
}

function decoder(layer: number, features: number, stages: ReadonlyMap<string, DictionaryInput>): DictionaryInput {
  const tuned = stages.get(STAGE);
  if (tuned?.n !== features)
    throw new ReleaseError(
      'argument',
      `dictionaries: layer ${layer} has ${tuned ? `${tuned.n} features in` : 'no'} stage ${STAGE}, the release has ${features}`,
      `give stage ${STAGE} of every layer`,
    );
  return tuned;
}
