import { z } from 'zod';

/** A number with its interval and the number of samples behind it. Intervals are at the manifest's confidence. */
export const Estimate = z.object({
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.int().min(0),
});
export type Estimate = z.infer<typeof Estimate>;

/** An estimate beside the same figure for its control. */
export const Controlled = Estimate.extend({
  control: z
    .object({
      kind: z.string(),
      value: z.number(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      n: z.int().min(0),
    })
    .nullable(),
  /** The estimate less its control, paired where both come from the same samples. Absent where there is no control, or it was not compared. */
  difference: Estimate.optional(),
});
export type Controlled = z.infer<typeof Controlled>;
