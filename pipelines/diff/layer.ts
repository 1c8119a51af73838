import type { Sae, StageName } from '#pipelines/sae/types.ts';
import type { Numbers } from './arrays.ts';
import { ALIGNED_PAIRS, alignedName, cosineName, STAGE_PAIRS } from './cosines.ts';
import { modalityDominance } from './dominance.ts';
import { columnCosines, normRatios, procrustesCosines, rowCosines } from './geometry.ts';
import { energy, type ResampledStream, visionPreference } from './preference.ts';
import { SUM_CLASS } from './sums.ts';

/** Dictionaries of one layer by stage; S and F are always there. */
export type Dictionaries = ReadonlyMap<StageName, Sae>;

/** Cosines, norms and Procrustes cosines of one layer's dictionaries, `[n]` each, by the names of `DIFF_FILE`. */
export function dictionaryArrays(saes: Dictionaries): Record<string, Numbers> {
  const [base, tuned] = [saes.get('S')!, saes.get('F')!];
  const arrays: Record<string, Numbers> = {};
  for (const [a, b] of STAGE_PAIRS) {
    const [x, y] = [saes.get(a), saes.get(b)];
    if (x && y) arrays[cosineName(a, b)] = rowCosines(x.wDec, y.wDec, tuned.d);
  }
  arrays['encoder.S.F'] = columnCosines(base.wEnc, tuned.wEnc, tuned.n);
  arrays['norm_ratio.S.F'] = normRatios(base.wDec, tuned.wDec, tuned.d);
  for (const [a, b] of ALIGNED_PAIRS) {
    const [x, y] = [saes.get(a), saes.get(b)];
    if (x && y) arrays[alignedName(a, b)] = procrustesCosines(x.wDec, y.wDec, tuned.d);
  }
  return arrays;
}

/** Energies, preference and dominance of stage F's features on the two streams, `[n]` each. */
export function streamArrays(
  vision: ResampledStream,
  text: ResampledStream,
  options: { readonly bootstrap: number; readonly confidence: number },
): Record<string, Numbers> {
  const preference = visionPreference(vision, text, options.bootstrap, options.confidence);
  const dominance = modalityDominance(vision.sums);
  return {
    'energy.vision': energy(vision.sums),
    'energy.text': energy(text.sums),
    'energy.image_tokens': energy(vision.sums, SUM_CLASS.image),
    'energy.text_tokens': energy(vision.sums, SUM_CLASS.text),
    preference: preference.value,
    'preference.low': preference.low,
    'preference.high': preference.high,
    dominance: dominance.score,
    'dominance.class': dominance.class,
  };
}
