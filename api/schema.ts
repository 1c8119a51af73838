import { z } from '@hono/zod-openapi';
import * as release from '#release/schema/index.ts';
import { problems } from './problem.ts';

/** `meta`, not `openapi`: these schemas may have been made before the latter was added to zod. */
const named = <S extends z.ZodType>(schema: S, id: string): S => schema.meta({ id }) as S;

/** Records of a release under the names that the description of the API gives them. */
export const Feature = named(release.Feature, 'Feature');
export const FeatureExamples = named(release.FeatureExamples, 'FeatureExamples');
export const HeadRecord = named(release.HeadRecord, 'Head');
export const Summary = named(release.Summary, 'Summary');
export const QualityFile = named(release.QualityFile, 'Quality');
export const Column = named(release.Column, 'Column');
export const ModelInfo = named(release.ModelInfo, 'Model');

/** A 200 answer in JSON. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** What every read below a release can also answer. */
export const READ = {
  302: { description: 'The path names an alias: the newest release of that name is elsewhere' },
  304: { description: 'The reader has it already' },
  ...problems(400, 404, 406, 502),
} as const;

/** A feature in lists: its place, its label, and the scalars asked for (null = no value). */
export const FeatureRow = z
  .object({
    id: release.FeatureId,
    label: z.string(),
    values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]).nullable()),
  })
  .openapi('FeatureRow');

export const Page = <S extends z.ZodType>(row: S) =>
  z.object({
    release: z.string(),
    /** Rows on all pages. */
    total: z.int(),
    rows: z.array(row),
    /** Mark of the next page, null on the last. */
    cursor: z.string().nullable(),
  });
