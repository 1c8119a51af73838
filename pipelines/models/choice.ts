import type { Intervention } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sample } from '../data/sample.ts';
import type { Encoded, ForcedChoice, TracedModel } from './types.ts';

export interface ChoiceOptions {
  readonly image?: 'own' | 'mean' | 'none';
  readonly meanImage?: Float32Array;
  readonly interventions?: readonly Intervention[];
}

/** Samples of one forward pass. */
const BATCH = 32;

/** First tokens of the right answer and of its opposite. */
function firstTokens(model: TracedModel, sample: Sample): { right: number; wrong: number } {
  const { answer, truth, id } = sample;
  if (answer === undefined || truth?.opposite === undefined)
    throw new ParallaxError(`sample ${id} has no forced choice`, 'choose samples with an answer and its opposite');
  const [right] = model.tokenize(` ${answer}`);
  const [wrong] = model.tokenize(` ${truth.opposite}`);
  if (right === undefined || wrong === undefined || right === wrong)
    throw new ParallaxError(
      `sample ${id}: "${answer}" and "${truth.opposite}" begin with the same token`,
      'choose answers that differ in their first token',
    );
  return { right, wrong };
}

/**
 * The right answer against its one opposite, by the logits behind the prompt. Result in the order of the samples.
 * Throws `ParallaxError` on a sample without opposite.
 */
export async function forcedChoice(
  model: TracedModel,
  samples: readonly Sample[],
  { interventions = [], ...image }: ChoiceOptions = {},
): Promise<ForcedChoice[]> {
  const encoded: Encoded[] = [];
  for (const sample of samples) encoded.push(await model.encode(sample, image));
  const order = encoded.map((_, i) => i).sort((a, b) => encoded[a]!.ids.length - encoded[b]!.ids.length || a - b);
  const out = new Array<ForcedChoice>(samples.length);
  for (let from = 0; from < order.length; from += BATCH) {
    const batch = order.slice(from, from + BATCH);
    const inputs = model.inputs(batch.map((i) => encoded[i]!));
    const { logits } = await model.decoder.run(inputs, { taps: ['logits'], interventions });
    const [, positions = 0, vocab = 0] = logits!.dims;
    batch.forEach((i, row) => {
      const start = (row * positions + encoded[i]!.ids.length - 1) * vocab;
      out[i] = compare(logits!.data.subarray(start, start + vocab), firstTokens(model, samples[i]!));
    });
  }
  return out;
}

function compare(logits: Float32Array, { right, wrong }: { right: number; wrong: number }): ForcedChoice {
  const best = logits.reduce((top, value, id) => (value > logits[top]! ? id : top), 0);
  return { logOdds: logits[right]! - logits[wrong]!, exact: best === right };
}
