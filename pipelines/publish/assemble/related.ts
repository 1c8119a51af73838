import { random } from '#pipelines/data/random.ts';
import type { Bootstrap } from '#pipelines/diff/related/estimate.ts';
import {
  type MonosemanticityFile,
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
import { type Inputs, readRoleIfMade } from './roles.ts';

/** What a run's other stages already know. */
export interface RelatedParts {
  readonly quality: readonly QualityRow[];
  readonly attention: readonly AttentionFile[];
  readonly spatial: SpatialResult;
  readonly monosemanticity: readonly MonosemanticityFile[];
}

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
    probes: await readRoleIfMade(inputs, 'probes', PROBES_FILE, ProbesFile),
    shifts: await readRoleIfMade(inputs, 'shifts', SHIFTS_FILE, ShiftsFile),
    monosemanticity: parts.monosemanticity.length > 0 ? monosemanticity : null,
    attention: attentionRows(parts.attention),
    language_prior: await readRoleIfMade(inputs, 'behaviour', PRIOR_FILE, PriorFile),
  };
}
