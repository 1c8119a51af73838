import type { z } from 'zod';
import { ReleaseError } from './errors.ts';
import type { RecordCheck, Records } from './records.ts';
import { ColumnsFile } from './schema/columns.ts';
import { FeatureExamples } from './schema/examples.ts';
import { Feature } from './schema/feature.ts';
import { HeadsFile } from './schema/heads.ts';
import { Manifest } from './schema/manifest.ts';
import { QualityFile } from './schema/quality.ts';
import { RelatedFile } from './schema/related.ts';
import { SearchIndex } from './schema/search.ts';
import { StepsFile } from './schema/steps.ts';
import { Summary } from './schema/summary.ts';

/** The schema of every JSON record of a release, by name. */
export const RECORD_SCHEMAS: { readonly [K in keyof Records]: z.ZodType<Records[K]> } = {
  manifest: Manifest,
  feature: Feature,
  examples: FeatureExamples,
  heads: HeadsFile,
  quality: QualityFile,
  related: RelatedFile,
  steps: StepsFile,
  summary: Summary,
  columns: ColumnsFile,
  search: SearchIndex,
};

/** First thing that a schema finds wrong, in a line. */
export const issueLine = (error: z.ZodError): string => {
  const issue = error.issues[0]!;
  return `${issue.path.map(String).join('.') || 'value'}: ${issue.message}`;
};

/** The value as its schema reads it, keys in the schema's order; `ReleaseError` names the file and the field. */
export const checkRecord: RecordCheck = (kind, file, value) => {
  const parsed = RECORD_SCHEMAS[kind].safeParse(value);
  if (parsed.success) return parsed.data as never;
  throw new ReleaseError(
    'malformed',
    `${file}: ${issueLine(parsed.error)}`,
    'write the release again, or fetch it again',
  );
};
