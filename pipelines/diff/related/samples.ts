import { z } from 'zod';
import { collect } from '#pipelines/data/index.ts';
import type { Sample, SceneObject } from '#pipelines/data/sample.ts';

/** The slice of a data set that a stream was harvested from. */
export const Source = z.strictObject({
  dataset: z.string(),
  seed: z.int().min(0),
  from: z.int().min(0),
  to: z.int().min(1),
});
export type Source = z.infer<typeof Source>;

export const samplesOf = ({ dataset, ...slice }: Source): Promise<Sample[]> => collect(dataset, slice);

/** The thing that a question is about, where the truth says. */
export const subjectOf = ({ truth }: Sample): SceneObject | undefined =>
  truth?.scene?.objects.find(({ name }) => name === truth.subject);
