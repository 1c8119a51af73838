import { z } from 'zod';
import type { Label } from '#release/schema/feature.ts';

const Score = z.object({ balanced: z.number(), n: z.int() }).nullable();

/** `written.json`: labels by a language model. Scores are null where the feature fires on too few held-out samples to be judged. */
export const WrittenFile = z.array(
  z.object({ feature: z.int(), text: z.string(), maker: z.string(), detection: Score, fuzzing: Score }),
);
export type WrittenLabel = z.infer<typeof WrittenFile>[number];

/** As a release states it: the score is that of detection. */
export const writtenLabel = ({ text, maker, detection }: WrittenLabel): Label => ({
  text,
  maker,
  score: detection?.balanced ?? null,
});
