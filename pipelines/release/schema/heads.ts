import { z } from 'zod';
import { Controlled, Estimate } from './estimate.ts';
import { FeatureId, HeadId } from './ids.ts';

export const HeadAblation = z.object({
  /** mean or zero */
  method: z.string(),
  task: z.enum(['spatial', 'control']),
  measure: z.enum(['log_odds', 'accuracy']),
  /** Paired change when the head is ablated. */
  effect: Controlled,
  /** q-value (Benjamini-Hochberg over all heads) of a two-sided sign-flip test of `effect.difference` over samples. Absent in earlier releases. */
  q: z.number().min(0).max(1).optional(),
});

/** Attention of one head over one picture, mean over the text tokens after it. */
export const AttentionView = z.object({
  image: z.string(),
  prompt: z.string(),
  grid: z.object({ rows: z.int(), columns: z.int() }),
  /** Weight on each patch, row-major. */
  weights: z.array(z.number()),
});

export const HeadRecord = z.object({
  id: HeadId,
  layer: z.int(),
  head: z.int(),
  sentence: z.string(),
  /** Mean over spatial features of the verified (else estimated) effect, by share of the total. */
  spatial_effect: Estimate,
  /** The same for random features. */
  random_effect: Estimate.nullable(),
  /**
   * Its share of a spatial feature less that of the feature's control (same layer, fires as often), mean and interval over such pairs,
   * which `n` counts. Absent in earlier releases, and where there are no pairs.
   */
  difference: Estimate.optional(),
  /** q-value (Benjamini-Hochberg over all heads) of a one-sided sign-flip test of `difference` over the pairs. Absent as above. */
  q: z.number().min(0).max(1).optional(),
  rank: z.int(),
  /** Place by the verified effect: 1 = its mean ablation costs the right answers of spatial questions most log-odds. Absent in earlier releases. */
  ablation_rank: z.int().min(1).optional(),
  /** Attention mass on image tokens and its entropy, tuned and base. */
  image_mass: z.object({ tuned: Estimate, base: Estimate.nullable() }).nullable(),
  entropy: z.object({ tuned: Estimate, base: Estimate.nullable() }).nullable(),
  ablation: z.array(HeadAblation),
  features: z.array(
    z.object({
      id: FeatureId,
      estimate: z.number(),
      exact: z.number().nullable(),
      status: z.enum(['estimated', 'verified']),
    }),
  ),
  attention: z.array(AttentionView),
});
export type HeadRecord = z.infer<typeof HeadRecord>;

/** `heads.json` */
export const HeadsFile = z.object({
  /** `atp`: attribution patching of the heads' outputs; `atp*`: of their queries and keys as well, with the softmax recomputed. Absent: `atp`. */
  estimator: z.enum(['atp', 'atp*']).optional(),
  heads: z.array(HeadRecord),
  /** Estimated against exact effects over all verified edges. */
  calibration: z
    .object({
      slope: z.number(),
      spearman: z.number(),
      n: z.int(),
      points: z.array(z.tuple([z.number(), z.number()])),
    })
    .nullable(),
  /** Share of the absolute effect by number of heads: spatial features against random ones. */
  concentration: z
    .object({
      spatial: z.array(z.number()),
      random: z.array(z.number()),
      n_spatial: z.int(),
      n_random: z.int(),
    })
    .nullable(),
  /** Joint ablation of the verified top heads against as many random heads. */
  joint_ablation: z.array(
    z.object({
      heads: z.array(HeadId),
      task: z.enum(['spatial', 'control']),
      measure: z.enum(['log_odds', 'accuracy']),
      intact: Estimate,
      ablated: Estimate,
      effect: Controlled,
    }),
  ),
});
export type HeadsFile = z.infer<typeof HeadsFile>;
