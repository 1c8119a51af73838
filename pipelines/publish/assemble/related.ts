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
import { type AttentionFile, PriorFile } from '#pipelines/heads/files.ts';
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

/** Files of the stages whose roles begin with `role/`, in the order of the roles; null where there are none. */
async function readRole<T>(
  inputs: Readonly<Record<string, string>>,
  role: string,
  name: string,
  schema: z.ZodType<T>,
): Promise<T[] | null> {
  const folders = Object.keys(inputs).filter((key) => key.startsWith(`${role}/`));
  if (folders.length === 0) return null;
  return Promise.all(
    folders.map(async (key) => schema.parse(JSON.parse(await readFile(join(inputs[key]!, name), 'utf8')))),
  );
}

/** Monosemanticity of every layer (roles `monosemanticity/<l>`); empty where the run did not measure it. */
export const readMonosemanticity = async (inputs: Readonly<Record<string, string>>): Promise<MonosemanticityFile[]> =>
  (await readRole(inputs, 'monosemanticity', MONOSEMANTICITY_FILE, MonosemanticityFile)) ?? [];

const attentionRows = (files: readonly AttentionFile[]): AttentionRow[] =>
  files.flatMap(({ layer, mean, heads }) => [
    { layer, head: null, ...mean },
    ...heads.map(({ mass, entropy }, h) => ({ layer, head: headId(layer, h), mass, entropy })),
  ]);

/** Sections of `related.json`: roles `probes/<l>`, `shifts/<l>` and `behaviour`, and what other stages know. */
export async function relatedOf(
  inputs: Readonly<Record<string, string>>,
  parts: RelatedParts,
  intervals: Omit<Bootstrap, 'random'> & { readonly seed: number },
): Promise<RelatedFile> {
  const [probes, shifts] = [
    await readRole(inputs, 'probes', PROBES_FILE, ProbesFile),
    await readRole(inputs, 'shifts', SHIFTS_FILE, ShiftsFile),
  ];
  const prior = JSON.parse(await readFile(join(inputs['behaviour']!, 'prior.json'), 'utf8'));
  const monosemanticity = parts.monosemanticity.flatMap((file) => {
    const isSpatial = (index: number) => parts.spatial.feature(file.layer, index).spatial;
    const options = { ...intervals, random: random(intervals.seed, 'related/monosemanticity', file.layer) };
    return monosemanticityRow(file, isSpatial, options) ?? [];
  });
  return {
    image_tokens: imageTokens(parts.quality),
    probes: probes?.flat() ?? null,
    shifts: shifts?.flat() ?? null,
    monosemanticity: parts.monosemanticity.length > 0 ? monosemanticity : null,
    attention: attentionRows(parts.attention),
    language_prior: PriorFile.parse(prior),
  };
}
