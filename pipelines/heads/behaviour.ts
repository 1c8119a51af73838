import type { Intervention } from '#graph/types.ts';
import { answerChoices, type Choice } from '#pipelines/models/index.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';

/** Answers to many choices, in their order. */
export interface Answers {
  /** `log p(right) - log p(wrong)` in nats at the last token of the prompt, `[samples]`. */
  readonly log_odds: Float64Array;
  /** 1 where the right answer is likelier than its opposite, `[samples]`. */
  readonly accuracy: Float64Array;
}
export const MEASURES = ['log_odds', 'accuracy'] as const satisfies (keyof Answers)[];

/** Both measures of behaviour under the interventions given for each batch. */
export async function answer(
  model: TracedModel,
  choices: readonly Choice[],
  interventions?: (batch: readonly Encoded[]) => readonly Intervention[],
): Promise<Answers> {
  const answers = await answerChoices(model, choices, interventions);
  return {
    log_odds: Float64Array.from(answers, (a) => a.logOdds),
    accuracy: Float64Array.from(answers, (a) => (a.logOdds > 0 ? 1 : 0)),
  };
}
