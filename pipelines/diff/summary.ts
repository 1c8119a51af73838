import { z } from 'zod';
import { Controlled, LayerSummary, Sensitivity } from '#release/schema/index.ts';
import type { Mask } from './adapted.ts';
import { newcombe, percentiles, wilson } from './statistics/index.ts';

/** `diff.json` of the joining stage: what the diff adds to a release's `summary.json`. */
export const DiffSummary = z.object({
  layers: z.array(LayerSummary.omit({ spatial: true })),
  sensitivity: Sensitivity,
  adapted_in_control: Controlled.nullable(),
  adapted_in_one_seed: Controlled.nullable(),
  thresholds: z.object({ rotation: z.number() }),
});
export type DiffSummary = z.infer<typeof DiffSummary>;

const count = (mask: ArrayLike<number>): number => Array.from(mask).reduce((a, b) => a + (b ? 1 : 0), 0);

/** Quartiles of a rotation over a layer's features. */
export function quartiles(cosines: ArrayLike<number>): { q25: number; median: number; q75: number; n: number } {
  const [q25, median, q75] = percentiles(cosines, [25, 50, 75]) as unknown as [number, number, number];
  return { q25, median, q75, n: cosines.length };
}

/** One layer's masks and scores, `[n]` each. */
export interface LayerMasks {
  readonly layer: number;
  readonly dead: Mask;
  readonly adapted: Mask;
  readonly strict: Mask;
  readonly suspect: Mask | null;
  readonly cosSF: ArrayLike<number>;
  readonly cosSC: ArrayLike<number> | null;
  readonly modality: ArrayLike<number>;
}

export function layerSummary(l: LayerMasks): DiffSummary['layers'][number] {
  const ofClass = (c: number) => Array.from(l.modality).filter((m) => m === c).length;
  return {
    layer: l.layer,
    features: l.adapted.length,
    dead: count(l.dead),
    adapted: count(l.adapted),
    adapted_strict: count(l.strict),
    suspect: l.suspect ? count(l.suspect) : 0,
    rotation: quartiles(l.cosSF),
    control: l.cosSC ? quartiles(l.cosSC) : null,
    vision_class: ofClass(0),
    language_class: ofClass(1),
    cross_class: ofClass(2),
  };
}

/** A share of features with Wilson's interval, beside the same share of the other features and their difference (Newcombe). Null where nothing was found. */
export function shareBeside(
  found: Mask,
  has: (i: number) => boolean,
  kind: string,
  confidence: number,
): z.infer<typeof Controlled> | null {
  const share = (inside: boolean) => {
    const ids = Array.from(found.keys()).filter((i) => (found[i] === 1) === inside);
    if (ids.length === 0) return null;
    return { k: ids.filter(has).length, n: ids.length };
  };
  const estimate = ({ k, n }: { readonly k: number; readonly n: number }) => ({
    value: k / n,
    ...wilson(k, n, confidence),
    n,
  });
  const [own, other] = [share(true), share(false)];
  if (!own || !other) return own && { ...estimate(own), control: null };
  const { difference, low, high } = newcombe(own.k, own.n, other.k, other.n, confidence);
  return {
    ...estimate(own),
    control: { kind, ...estimate(other) },
    difference: { value: difference, low, high, n: own.n + other.n },
  };
}
