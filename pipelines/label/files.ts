import { z } from 'zod';
import { Feature } from '#release/schema/index.ts';

/** `activity.json` of one layer, by feature: how often and how strongly it fires on held-out tokens. */
export const ActivityFile = z.array(Feature.pick({ frequency: true, max_activation: true, histogram: true }));
export type ActivityFile = z.infer<typeof ActivityFile>;

const Entry = z.tuple([z.int(), z.int(), z.number()]);

/** `similar.json`: by layer and feature, `[layer, feature, cosine]` of near decoder rows and `[layer, feature, correlation]` of like firing. */
export const SimilarFile = z.array(
  z.object({ layer: z.int(), neighbours: z.array(z.array(Entry)), matches: z.array(z.array(Entry)) }),
);
export type SimilarFile = z.infer<typeof SimilarFile>;
