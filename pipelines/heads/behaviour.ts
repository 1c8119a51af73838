import type { Intervention } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';
import { byLength } from './batches.ts';

/** A forced choice as the decoder reads it: the question, and the first tokens of the right answer and of its opposite. */
export interface Choice {
  readonly encoded: Encoded;
  readonly right: number;
  readonly wrong: number;
}

/** Answers of one pass over many choices, in their order. */
export interface Answers {
  /** `log p(right) - log p(wrong)` in nats at the last token of the prompt, `[samples]`. */
  readonly logOdds: Float64Array;
  /** 1 where the right answer's token beats its opposite, `[samples]`. */
  readonly correct: Float64Array;
}

const BATCH = 32;

/** The choice that a sample with truth offers. Throws `ParallaxError` where it has no opposite, or one that begins alike. */
export function choiceOf(model: TracedModel, encoded: Encoded): Choice {
  const { answer, truth, id } = encoded.sample;
  if (answer === undefined || truth?.opposite === undefined)
    throw new ParallaxError(
      `sample ${id} has no forced choice`,
      'use a data set whose samples have an answer and its opposite',
    );
  const [right] = model.tokenize(` ${answer}`);
  const [wrong] = model.tokenize(` ${truth.opposite}`);
  if (right === undefined || wrong === undefined || right === wrong)
    throw new ParallaxError(
      `sample ${id}: "${answer}" and "${truth.opposite}" begin with the same token`,
      'give answers that differ in their first token',
    );
  return { encoded, right, wrong };
}

/** Answers every choice, batches of like length together, under the interventions given for each batch. */
export async function answer(
  model: TracedModel,
  choices: readonly Choice[],
  interventions: (batch: readonly Encoded[]) => readonly Intervention[] = () => [],
): Promise<Answers> {
  const logOdds = new Float64Array(choices.length);
  const correct = new Float64Array(choices.length);
  for (const batch of byLength(
    choices.map((c) => c.encoded),
    BATCH,
  )) {
    const encoded = batch.map((i) => choices[i]!.encoded);
    const { logits } = await model.decoder.run(model.inputs(encoded), {
      taps: ['logits'],
      interventions: interventions(encoded),
    });
    const [, positions = 0, vocabulary = 0] = logits!.dims;
    batch.forEach((i, row) => {
      const { right, wrong } = choices[i]!;
      const at = (row * positions + choices[i]!.encoded.ids.length - 1) * vocabulary;
      // A difference of log-probabilities is a difference of logits: the normaliser cancels.
      const odds = logits!.data[at + right]! - logits!.data[at + wrong]!;
      logOdds[i] = odds;
      correct[i] = odds > 0 ? 1 : 0;
    });
  }
  return { logOdds, correct };
}
