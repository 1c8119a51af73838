import { z } from 'zod';
import { Controlled, Estimate } from './estimate.ts';

/** `summary.json`: the figures that a home page or a report quotes, one record a layer and one for the run. */
export const LayerSummary = z.object({
  layer: z.int(),
  features: z.int(),
  dead: z.int(),
  adapted: z.int(),
  adapted_strict: z.int(),
  suspect: z.int(),
  spatial: z.int(),
  /** Median and quartiles of cos(S,F), and of the control cos(S,C). */
  rotation: z.object({
    q25: z.number(),
    median: z.number(),
    q75: z.number(),
    n: z.int(),
  }),
  control: z
    .object({
      q25: z.number(),
      median: z.number(),
      q75: z.number(),
      n: z.int(),
    })
    .nullable(),
  vision_class: z.int(),
  language_class: z.int(),
  cross_class: z.int(),
});

/** Accuracy of the pair on a question family, with the picture seen, a mean picture or another one. */
export const BehaviourRow = z.object({
  model: z.string(),
  family: z.string(),
  picture: z.enum(['seen', 'mean', 'other', 'none']),
  accuracy: Estimate,
  log_odds: Estimate,
});

export const Sensitivity = z.object({
  eps: z.array(z.number()),
  percentiles: z.array(z.number()),
  /** `[eps][percentile]` */
  count: z.array(z.array(z.int())),
  jaccard: z.array(z.array(z.number())),
});

export const Summary = z.object({
  layers: z.array(LayerSummary),
  behaviour: z.array(BehaviourRow),
  sensitivity: Sensitivity,
  /** Share of adapted features that also pass in the text-only control, or in one seed only. */
  adapted_in_control: Controlled.nullable(),
  adapted_in_one_seed: Controlled.nullable(),
  thresholds: z.object({ rotation: z.number() }),
  /** What the run looked for and did not confirm, one sentence each, made by rule. */
  not_confirmed: z.array(z.string()),
});
export type Summary = z.infer<typeof Summary>;
export type LayerSummary = z.infer<typeof LayerSummary>;
export type BehaviourRow = z.infer<typeof BehaviourRow>;
