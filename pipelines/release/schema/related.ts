import { z } from 'zod';
import { Controlled, Estimate } from './estimate.ts';
import { FeatureId, HeadId } from './ids.ts';

/**
 * How well the dictionary of the base's text (stage S) fits the picture's tokens in one layer (2506.11976): where the two models'
 * spaces meet, its error on them falls to that on words. Control: the text tokens of the same samples.
 */
export const ImageTokenRow = z.object({
  layer: z.int().min(0),
  /** Share of the variance that the reconstruction leaves out, 0 is perfect. */
  fvu: Controlled,
  /** Features that fire on a token. */
  l0: Controlled,
  /** Share of the features that fire on no image token, and on no text token, of the held-out samples. */
  dead_fraction: z.object({ image: z.number(), text: z.number() }),
});

/** From `layer` to the last one analysed, the error on image tokens is at most `limit` times that on text tokens; null where no layer begins such a run. */
export const Convergence = z.object({ layer: z.int().min(0).nullable(), limit: z.number().positive() });

/** Linear probe (ridge) of one layer of the tuned model, tested on held-out samples. Control: the same probe trained on shuffled truth. */
export const ProbeRow = z.object({
  layer: z.int().min(0),
  /** What is read: the mean over the image tokens, over the text tokens after the picture, or the last token. */
  tokens: z.enum(['image', 'text', 'last']),
  /** Of the thing that the question is about: its place (`x`, `y`) or its name; or whether the relation holds. */
  target: z.enum(['x', 'y', 'identity', 'holds']),
  /** Held-out R^2 (a number) or accuracy (a class). */
  measure: z.enum(['r2', 'accuracy']),
  /** Its `difference` is the selectivity (Hewitt and Liang 2019): what the probe owes to the layer, not to itself. */
  score: Controlled,
});

/**
 * Concept shift vector of one layer (2501.03012): the mean of tuned less base over half of the samples about one thing, at the last
 * token. `recovery`: share of the squared change of the other half that adding it to the base recovers. Control: another thing's shift.
 */
export const ShiftRow = z.object({
  layer: z.int().min(0),
  /** Name of the thing. */
  concept: z.string(),
  /** Norm of the shift, in units of the norm of the base's mean. */
  size: z.number(),
  recovery: Controlled,
});

/**
 * Monosemanticity of one layer's features (2504.02821): similarity of the pictures that a feature fires on, weighted by its activation.
 * Means over features with bootstrap intervals over features; `n` counts features.
 */
export const MonosemanticityRow = z.object({
  layer: z.int().min(0),
  /** Mean over the features that fire on at least two pictures. Control: any two pictures. */
  score: Controlled,
  /** The same for the features that are spatial on held-out evidence. Null where there are none. Control: the layer's other features. */
  spatial: Controlled.nullable(),
  /** The most monosemantic features, best first. */
  top: z.array(z.object({ id: FeatureId, score: z.number() })),
  /** Pictures compared. */
  pictures: z.int().min(0),
});

/**
 * Attention of the text tokens after a picture on it (2511.17793), of one head or, where `head` is null, as the mean of a layer's heads.
 * Both models read the same embeddings. Changes are tuned less base, paired sample by sample.
 */
export const AttentionRow = z.object({
  layer: z.int().min(0),
  head: HeadId.nullable(),
  /** Share of the attention that lies on image tokens, 0..1. */
  mass: z.object({ tuned: Estimate, base: Estimate, change: Estimate }),
  /** Entropy of the attention over the image tokens, in nats. */
  entropy: z.object({ tuned: Estimate, base: Estimate, change: Estimate }),
});

/** What one kind of question owes to the picture: the tuned model's forced choice when the picture is withheld or swapped. */
export const PriorRow = z.object({
  /** `spatial` or `control`, and the kind of question within it; `all` for the whole family. */
  family: z.string(),
  kind: z.string(),
  /** `mean`: every patch is the mean image's; `other`: the picture of another sample. */
  picture: z.enum(['mean', 'other']),
  /** Share of the questions whose answer stays as it was with the picture seen: 1 = the words alone decide. Wilson's interval. */
  reliance: Estimate,
  /** Paired change of the accuracy and of the log-odds (nats) of the right answer when the picture goes. */
  accuracy: Estimate,
  log_odds: Estimate,
});

/**
 * `related.json`: analyses of neighbouring works, run on the same pair and samples. A section is null where the run did not make it.
 * Releases written before this file came have none; that says nothing of their pair.
 */
export const RelatedFile = z.object({
  image_tokens: z.object({ rows: z.array(ImageTokenRow), convergence: Convergence }).nullable(),
  probes: z.array(ProbeRow).nullable(),
  shifts: z.array(ShiftRow).nullable(),
  monosemanticity: z.array(MonosemanticityRow).nullable(),
  attention: z.array(AttentionRow).nullable(),
  language_prior: z.array(PriorRow).nullable(),
});
export type RelatedFile = z.infer<typeof RelatedFile>;
export type ImageTokenRow = z.infer<typeof ImageTokenRow>;
export type ProbeRow = z.infer<typeof ProbeRow>;
export type ShiftRow = z.infer<typeof ShiftRow>;
export type MonosemanticityRow = z.infer<typeof MonosemanticityRow>;
export type AttentionRow = z.infer<typeof AttentionRow>;
export type PriorRow = z.infer<typeof PriorRow>;
