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
  /** Share of features that fire on no token. */
  dead_fraction: z.number(),
  /** Share of features that fire on more than a tenth of the tokens. */
  dense_fraction: z.number(),
  /** Of the damage of zero ablation, the share that the spliced reconstruction does not do; null where it was not measured. */
  loss_recovered: Estimate.nullable(),
  /** Mean cross-entropies of the next text token, in nats, with the stream as it is, reconstructed, zero, and its mean. */
  cross_entropy: z.object({ clean: z.number(), spliced: z.number(), zero: z.number(), mean: z.number() }).optional(),
  /** Features by the base-10 logarithm of the share of tokens on which they fire. */
  frequency: z.object({ edges: z.array(z.number()), counts: z.array(z.int()) }).optional(),
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
