import { z } from 'zod';
import { SaeConfig } from '#pipelines/config/schema.ts';

const { mask, batch, features, activation, l1, aux, betas, warmup, decay, lr } = SaeConfig.shape;

/** What one training run is told. Lengths are tokens; `warmup` and `decay` are shares of the run. */
export const TrainSettings = z.strictObject({
  /** Name of the stage, for the log: S, D, M, F, F2, C. */
  stage: z.string(),
  layer: z.int().min(0),
  /** Of the order of the data and, from scratch, of the first decoder. */
  seed: z.int().min(0).default(0),
  /** Class of tokens that is learnt from. */
  mask,
  /** Samples `[from, to)` of the store; all where null. */
  samples: z
    .tuple([z.int().min(0), z.int().min(1)])
    .nullable()
    .default(null),
  tokens: z.int().min(1),
  batch,
  /** From scratch only; an adapted dictionary keeps its own. */
  features,
  activation,
  k: z.number().positive().default(16),
  l1,
  /** JumpReLU: `coefficient (L0/k - 1)^2`, rectangle kernel of this width in units of the scaled stream. */
  l0: z
    .strictObject({ coefficient: z.number().min(0).default(1), bandwidth: z.number().positive().default(0.1) })
    .prefault({}),
  /** Auxiliary loss for features that have not fired for `deadAfter` tokens. */
  aux,
  lr: lr.unwrap().shape.start,
  betas,
  eps: z.number().positive().default(1e-8),
  warmup,
  decay,
  /** Where `bDec` begins. */
  centre: z.enum(['mean', 'geometric-median']).default('geometric-median'),
  unitNorm: z.boolean().default(true),
  projectGradient: z.boolean().default(true),
  /** BatchTopK: rate at which the inference threshold follows the batches. */
  thresholdLr: z.number().min(0).max(1).default(0.01),
  /** Rows held in memory by the shuffled reader. */
  buffer: z.int().min(1).default(65_536),
  /** Steps between checkpoints. */
  checkpointEvery: z.int().min(1).default(200),
  /** Written into `cfg.json`: `modelName`, `hookName` and the like. */
  origin: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
});
export type TrainSettings = z.input<typeof TrainSettings>;
export type ResolvedSettings = z.output<typeof TrainSettings>;
