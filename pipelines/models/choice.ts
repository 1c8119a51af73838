import type { Intervention } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sample } from '../data/sample.ts';
import { byLength } from './batch.ts';
import type { Encoded, ForcedChoice, TracedModel } from './types.ts';

/** A forced choice as the decoder reads it: the question, and the first tokens of the right answer and of its opposite. */
export interface Choice {
  readonly encoded: Encoded;
  readonly right: number;
  readonly wrong: number;
}

/** Samples of one forward pass. */
const BATCH = 32;

/** The choice that a sample offers. Throws `ParallaxError` where it has no opposite, or one that begins alike. */
export function choiceOf(model: TracedModel, encoded: Encoded): Choice {
  const { answer, truth, id } = encoded.sample;
  if (answer === undefined || truth?.opposite === undefined)
    throw new ParallaxError(`sample ${id} has no forced choice`, 'choose samples with an answer and its opposite');
  const [right] = model.tokenize(` ${answer}`);
  const [wrong] = model.tokenize(` ${truth.opposite}`);
  if (right === undefined || wrong === undefined || right === wrong)
    throw new ParallaxError(
      `sample ${id}: "${answer}" and "${truth.opposite}" begin with the same token`,
      'choose answers that differ in their first token',
    );
  return { encoded, right, wrong };
}

/**
 * The right answer against its one opposite, by the logits behind the prompt, under the interventions given for each batch.
 * Result in the order of the choices.
 */
export async function answerChoices(
  model: TracedModel,
  choices: readonly Choice[],
  interventions: (batch: readonly Encoded[]) => readonly Intervention[] = () => [],
): Promise<ForcedChoice[]> {
  const out = new Array<ForcedChoice>(choices.length);
  const encoded = choices.map((c) => c.encoded);
  for (const index of byLength(encoded, BATCH)) {
    const batch = index.map((i) => encoded[i]!);
    const options = { taps: ['logits'], interventions: interventions(batch) };
    const { logits } = await model.decoder.run(model.inputs(batch), options);
    const [, positions = 0, vocab = 0] = logits!.dims;
    index.forEach((i, row) => {
      const start = (row * positions + encoded[i]!.ids.length - 1) * vocab;
      out[i] = compare(logits!.data.subarray(start, start + vocab), choices[i]!);
    });
  }
  return out;
}

/** Encodes samples and answers them. */
export async function forcedChoice(
  model: TracedModel,
  samples: readonly Sample[],
  image: Parameters<TracedModel['encode']>[1] = {},
): Promise<ForcedChoice[]> {
  const choices: Choice[] = [];
  for (const sample of samples) choices.push(choiceOf(model, await model.encode(sample, image)));
  return answerChoices(model, choices);
}

// A difference of log-probabilities is a difference of logits: the normaliser cancels.
function compare(logits: Float32Array, { right, wrong }: Choice): ForcedChoice {
  const best = logits.reduce((top, value, id) => (value > logits[top]! ? id : top), 0);
  return { logOdds: logits[right]! - logits[wrong]!, exact: best === right };
}
