import { z } from 'zod';
import { Controlled, Estimate } from './estimate.ts';
import { FeatureId, HeadId } from './ids.ts';

/** Cosines and norms between stages; null where a run has not that stage. */
export const StageMetrics = z.object({
  cos_s_f: z.number(),
  cos_s_d: z.number().nullable(),
  cos_d_f: z.number().nullable(),
  cos_s_m: z.number().nullable(),
  cos_m_f: z.number().nullable(),
  cos_s_f2: z.number().nullable(),
  cos_f_f2: z.number().nullable(),
  cos_s_c: z.number().nullable(),
  encoder_s_f: z.number(),
  norm_ratio_s_f: z.number(),
  procrustes_s_f: z.number(),
  /** cos_s_c - cos_s_f: rotation beyond the text-only control */
  control_difference: z.number().nullable(),
});

/** A 2x2 table of samples: fired or not under the spatial (a, b) and the matched prompts (c, d). */
export const FiringTable = z.object({
  a: z.int(),
  b: z.int(),
  c: z.int(),
  d: z.int(),
  odds_ratio: z.number(),
  risk_difference: Estimate,
  p: z.number(),
  log10_p: z.number(),
  q: z.number(),
});

export const RelationEffect = z.object({
  relation: z.string(),
  /** relation, side, subject or reference object */
  aspect: z.enum(['relation', 'side', 'subject', 'reference']),
  auroc: Estimate,
});

export const SpatialEvidence = z.object({
  threshold: z.number(),
  select: FiringTable,
  heldout: FiringTable,
  /** Share of samples fired under generic prompts without a spatial word, and on text-only prompts with the word. */
  generic_rate: Estimate,
  word_rate: Estimate.nullable(),
  relations: z.array(RelationEffect),
  /** Same scene mirrored: mean paired change of the feature, where run. */
  minimal_pair: Controlled.nullable(),
  /** The paper's counting of tokens, beside ours. */
  paper: z
    .object({
      odds_ratio: z.number(),
      risk_difference: z.number(),
      kept: z.boolean(),
    })
    .nullable(),
});

export const HeadEdge = z.object({
  head: HeadId,
  status: z.enum(['estimated', 'verified']),
  /** Attribution patching, noising: change of the feature when the head's z becomes the corrupt one; positive = towards the corrupt value. */
  estimate: Estimate,
  /** Exact patch, where run. */
  exact: Estimate.nullable(),
  /** The other way: change of the feature when the head's z of the corrupt run becomes the clean one, with its sign turned. Absent in earlier releases. */
  denoising: Estimate.optional(),
  /**
   * Noising of the head's queries, or keys, alone, through its attention pattern computed again (AtP*): what the head does by where it
   * looks. Absent where the run estimated outputs only.
   */
  queries: Estimate.optional(),
  keys: Estimate.optional(),
  /** Exact direct write of the head along the feature. */
  direct: z.number().nullable(),
  /** Mean absolute attribution over tokens (shows cancellation beside the signed sum). */
  absolute: z.number(),
});

export const Concentration = z.object({
  heads_50: z.int(),
  heads_80: z.int(),
  heads_90: z.int(),
  gini: z.number(),
  /** The paper's figure: share of the five largest after truncation to five. */
  top5_share: z.number(),
  random: z
    .object({
      heads_50: z.number(),
      heads_80: z.number(),
      heads_90: z.number(),
      n: z.int(),
    })
    .nullable(),
});

export const CausalTest = z.object({
  /** ablate, steer, ... */
  test: z.string(),
  dose: z.number(),
  /** Task on which behaviour was measured: spatial or control. */
  task: z.enum(['spatial', 'control']),
  measure: z.enum(['log_odds', 'accuracy']),
  effect: Controlled,
});

export const TokenWeight = z.object({
  token: z.string(),
  id: z.int(),
  weight: z.number(),
});

export const Histogram = z.object({
  edges: z.array(z.number()).min(2),
  counts: z.array(z.int().min(0)),
});

export const Label = z.object({
  text: z.string(),
  /** `rule`, or the name of the language model that wrote it. */
  maker: z.string(),
  /** Detection score on held-out samples, null for rule-made labels. */
  score: z.number().nullable(),
});

export const FeatureFlags = z.object({
  dead: z.boolean(),
  adapted: z.boolean(),
  adapted_strict: z.boolean(),
  suspect: z.boolean(),
  rotated_shared: z.boolean(),
  /** Chosen on one half and confirmed on the other. */
  spatial: z.boolean(),
  /** Chosen, but explained by the presence of the word. */
  decoy: z.boolean(),
});

export const ModalityClass = z.enum(['vision', 'language', 'cross', 'none']);

/** Everything that a list, a search hit, or the top of a feature page needs. Examples are a record of their own. */
export const Feature = z.object({
  id: FeatureId,
  layer: z.int().min(0),
  index: z.int().min(0),
  label: Label,
  /** The one sentence that is true, made by rule from the evidence. */
  sentence: z.string(),
  class: ModalityClass,
  flags: FeatureFlags,
  stages: StageMetrics,
  /** E_v / (E_v + E_t), 0.5 = none */
  preference: Estimate,
  energy: z.object({
    vision: z.number(),
    text: z.number(),
    image_tokens: z.number(),
    text_tokens: z.number(),
  }),
  dominance: z.number(),
  latent_scaling: z
    .object({
      tuned: z.number(),
      tuned_reconstruction: z.number(),
      tuned_error: z.number(),
      base: z.number(),
      base_reconstruction: z.number(),
      base_error: z.number(),
    })
    .nullable(),
  /** Share of held-out tokens on which the feature is active, by class, and its activation. */
  frequency: z.object({
    base_text: z.number(),
    image: z.number(),
    text: z.number(),
  }),
  max_activation: z.number(),
  histogram: Histogram,
  spatial: SpatialEvidence.nullable(),
  /** Share of the random splits of the pictures in which the feature is spatial; the first split decides. Absent in earlier releases. */
  stability: z.object({ share: z.number(), splits: z.int().min(1) }).optional(),
  /** Similarity of the pictures that it fires on, weighted by its activation (2504.02821). Absent where the run did not measure it. */
  monosemanticity: z.number().optional(),
  heads: z.array(HeadEdge),
  concentration: Concentration.nullable(),
  causal: z.array(CausalTest),
  promoted: z.array(TokenWeight),
  suppressed: z.array(TokenWeight),
  neighbours: z.array(z.object({ id: FeatureId, cosine: z.number() })),
  /** Features of other layers that fire alike. */
  matches: z.array(z.object({ id: FeatureId, correlation: z.number() })),
});
export type Feature = z.infer<typeof Feature>;
export type StageMetrics = z.infer<typeof StageMetrics>;
export type SpatialEvidence = z.infer<typeof SpatialEvidence>;
export type FiringTable = z.infer<typeof FiringTable>;
export type RelationEffect = z.infer<typeof RelationEffect>;
export type HeadEdge = z.infer<typeof HeadEdge>;
export type Concentration = z.infer<typeof Concentration>;
export type CausalTest = z.infer<typeof CausalTest>;
export type Histogram = z.infer<typeof Histogram>;
export type Label = z.infer<typeof Label>;
export type TokenWeight = z.infer<typeof TokenWeight>;
