import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { random } from '#pipelines/data/random.ts';
import type { Bootstrap } from '#pipelines/diff/related/estimate.ts';
import {
  MONOSEMANTICITY_FILE,
  MonosemanticityFile,
  PROBES_FILE,
  ProbesFile,
  SHIFTS_FILE,
  ShiftsFile,
} from '#pipelines/diff/related/files.ts';
import { imageTokens } from '#pipelines/diff/related/image-tokens.ts';
import { monosemanticityRow } from '#pipelines/diff/related/monosemanticity-row.ts';
import { type AttentionFile, PRIOR_FILE, PriorFile } from '#pipelines/heads/files.ts';
import type { SpatialResult } from '#pipelines/spatial/index.ts';
import { headId } from '#release/ids.ts';
import type { AttentionRow, QualityRow, RelatedFile } from '#release/schema/index.ts';

/** What a run's other stages already know. */
export interface RelatedParts {
  readonly quality: readonly QualityRow[];
  readonly attention: readonly AttentionFile[];
  readonly spatial: SpatialResult;
  readonly monosemanticity: readonly MonosemanticityFile[];
}

type Inputs = Readonly<Record<string, string>>;

const readAs = async <T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));

/** The file of a role; null where the run did not make it. */
const readRole = async <T>(inputs: Inputs, role: string, name: string, schema: z.ZodType<T>): Promise<T | null> =>
  inputs[role] === undefined ? null : readAs(inputs[role], name, schema);

/** Monosemanticity of every layer (roles `monosemanticity/<l>`); empty where the run did not measure it. */
export const readMonosemanticity = (inputs: Inputs): Promise<MonosemanticityFile[]> =>
  Promise.all(
    Object.keys(inputs)
      .filter((role) => role.startsWith('monosemanticity/'))
      .map((role) => readAs(inputs[role]!, MONOSEMANTICITY_FILE, MonosemanticityFile)),
  );

const attentionRows = (files: readonly AttentionFile[]): AttentionRow[] =>
  files.flatMap(({ layer, mean, heads }) => [
    { layer, head: null, ...mean },
    ...heads.map(({ mass, entropy }, h) => ({ layer, head: headId(layer, h), mass, entropy })),
  ]);

/** Sections of `related.json`: roles `probes`, `shifts` and `behaviour`, and what other stages know. */
export async function relatedOf(
  inputs: Inputs,
  parts: RelatedParts,
  intervals: Omit<Bootstrap, 'random'> & { readonly seed: number },
): Promise<RelatedFile> {
  const monosemanticity = parts.monosemanticity.flatMap((file) => {
    const isSpatial = (index: number) => parts.spatial.feature(file.layer, index).spatial;
    const options = { ...intervals, random: random(intervals.seed, 'related/monosemanticity', file.layer) };
    return monosemanticityRow(file, isSpatial, options) ?? [];
  });
  return {
    image_tokens: imageTokens(parts.quality),
    probes: await readRole(inputs, 'probes', PROBES_FILE, ProbesFile),
    shifts: await readRole(inputs, 'shifts', SHIFTS_FILE, ShiftsFile),
    monosemanticity: parts.monosemanticity.length > 0 ? monosemanticity : null,
    attention: attentionRows(parts.attention),
    language_prior: await readRole(inputs, 'behaviour', PRIOR_FILE, PriorFile),
  };
}
