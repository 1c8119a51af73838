import { z } from 'zod';
import { FeatureId, Sha256 } from './ids.ts';

/** A token's origin is either a range of the text or a patch of the picture. */
export const Origin = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({
    kind: z.literal('image'),
    row: z.int().min(0),
    column: z.int().min(0),
  }),
]);

/** Activations as a coordinate list: token index (into the sample's tokens) and value. */
export const Sparse = z.object({
  index: z.array(z.int().min(0)),
  value: z.array(z.number()),
});

/** One sample, shared by all features that show it. Image tokens come first as a grid, then the text. */
export const SampleRecord = z.object({
  id: z.string(),
  /** sha256 of the picture, `images/<hash>.webp`, null for text-only samples */
  image: Sha256.nullable(),
  grid: z.object({ rows: z.int(), columns: z.int() }).nullable(),
  /** Text tokens after the picture (or all of them), in order. */
  tokens: z.array(z.string()),
  family: z.string(),
  prompt: z.string(),
  answer: z.string().nullable(),
  /** Alternative text of the picture, from the scene's truth. */
  alt: z.string().nullable(),
});

export const Example = z.object({
  /** Index into the record's `samples`. */
  sample: z.int().min(0),
  /** `top`, or a quantile bin such as `q75`. */
  interval: z.string(),
  max: z.number(),
  /** Patch activations, index = row * columns + column. */
  image: Sparse,
  /** Text token activations, index into the sample's tokens. */
  text: Sparse,
});

/** A pair of prompts on the same picture, as the feature sees them. */
export const PromptPair = z.object({ spatial: Example, matched: Example });

export const FeatureExamples = z.object({
  id: FeatureId,
  samples: z.array(SampleRecord),
  examples: z.array(Example),
  pairs: z.array(PromptPair),
});
export type FeatureExamples = z.infer<typeof FeatureExamples>;
export type Example = z.infer<typeof Example>;
export type SampleRecord = z.infer<typeof SampleRecord>;
export type Sparse = z.infer<typeof Sparse>;
