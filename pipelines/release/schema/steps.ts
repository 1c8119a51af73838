import { z } from 'zod';
import { Estimate } from './estimate.ts';

/** One layer at one moment of training, by dictionaries that the last moment fixed unless said otherwise. Intervals are over samples. */
export const StepLayer = z.object({
  layer: z.int().min(0),
  /**
   * How far decoder rows turned in a dictionary adapted to this moment from stage S, on the tokens that stage F is adapted on: the mean
   * of `cos(W_dec^S, W_dec^step)`, its interval over features; and the tenth, fiftieth and ninetieth percentile.
   */
  rotation: z.object({ mean: Estimate, p10: z.number(), p50: z.number(), p90: z.number() }),
  /** Variance of the multimodal stream that each fixed dictionary leaves out, held-out samples. */
  fvu: z.object({ S: Estimate, F: Estimate }),
  /** Spatial features of the layer, chosen at the last moment. */
  features: z.int().min(0),
  /** Their mean share of pictures fired on under a spatial question less that under the matched one; null where the layer has none. */
  spatial_effect: Estimate.nullable(),
});
export type StepLayer = z.infer<typeof StepLayer>;

/** The tuned model at one moment of its training. */
export const StepRow = z.object({
  /** Steps of fine-tuning done; 0 is before the first. */
  step: z.int().min(0),
  layers: z.array(StepLayer),
  /** Share of spatial questions where the right answer is likelier than its opposite. */
  accuracy: Estimate,
  attention: z.object({
    /** Share of the attention of text tokens after the picture that lies on it, mean over all heads. */
    mass: Estimate,
    /** Fewest heads that hold a half and four fifths of all heads' attention on the picture. */
    heads_50: z.int().min(1),
    heads_80: z.int().min(1),
    heads: z.int().min(1),
  }),
});
export type StepRow = z.infer<typeof StepRow>;

/** `steps.json`: what turned when. A release of a pair without checkpoints has none. */
export const StepsFile = z.object({ steps: z.array(StepRow).min(1) });
export type StepsFile = z.infer<typeof StepsFile>;
