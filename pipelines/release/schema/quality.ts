import { z } from 'zod';
import { Estimate } from './estimate.ts';

/** One dictionary on one stream and token class, held-out tokens only. */
export const QualityRow = z.object({
  stage: z.string(),
  layer: z.int(),
  stream: z.string(),
  token_class: z.enum(['all', 'image', 'text']),
  fvu: Estimate,
  explained_variance: Estimate,
  l0: Estimate,
  dead_fraction: z.number(),
  dense_fraction: z.number(),
  loss_recovered: Estimate.nullable(),
  /** Tokens evaluated; intervals are over samples. */
  tokens: z.int(),
});
export type QualityRow = z.infer<typeof QualityRow>;

/** Training log of one dictionary: parallel arrays by logged step. */
export const TrainingLog = z.object({
  stage: z.string(),
  layer: z.int(),
  step: z.array(z.int()),
  loss: z.array(z.number()),
  fvu: z.array(z.number()),
  l0: z.array(z.number()),
  dead: z.array(z.number()),
});
export type TrainingLog = z.infer<typeof TrainingLog>;

/** `quality.json` */
export const QualityFile = z.object({
  rows: z.array(QualityRow),
  logs: z.array(TrainingLog),
});
export type QualityFile = z.infer<typeof QualityFile>;
