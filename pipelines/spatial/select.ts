import { benjaminiHochberg } from '#pipelines/diff/statistics/index.ts';
import type { Firing } from './firing.ts';
import type { FeatureTable } from './tables.ts';

/** Thresholds of spatial selection; defaults in `config/schema.ts`. */
export interface Rules {
  readonly oddsRatio: number;
  readonly riskDifference: number;
  readonly q: number;
  readonly genericRate: number;
  readonly wordShare: number;
}

/** `samples`: exact tests and their q count; `paper`: effect sizes of token counts alone. */
export type SelectionRule = 'samples' | 'paper';

const large = (t: FeatureTable, rules: Rules): boolean =>
  t.oddsRatio >= rules.oddsRatio && t.riskDifference >= rules.riskDifference;

/** Rule -> which features the controlled shift chooses, 0/1 over one family of tests. */
const CHOOSE: Readonly<
  Record<SelectionRule, (tables: readonly FeatureTable[], rules: Rules, q: Float64Array) => Uint8Array>
> = {
  samples: (tables, rules, q) => Uint8Array.from(tables, (t, i) => (large(t, rules) && q[i]! <= rules.q ? 1 : 0)),
  paper: (tables, rules) => Uint8Array.from(tables, (t) => (large(t, rules) ? 1 : 0)),
};

/**
 * Features that the spatial prompts make fire: `q` by Benjamini-Hochberg over all features given (the family of tests).
 * @param counted tables that the rule looks at where they are not those of the test (the paper's token counts)
 */
export function choose(
  tables: readonly FeatureTable[],
  rules: Rules,
  rule: SelectionRule = 'samples',
  counted: readonly FeatureTable[] = tables,
): { readonly chosen: Uint8Array; readonly q: Float64Array } {
  const q = benjaminiHochberg(tables.map((t) => t.p));
  return { chosen: CHOOSE[rule](counted, rules, q), q };
}

/** Firing under the two lexical controls and the spatial prompts, over the same half of the samples. */
export interface LexicalFiring {
  readonly spatial: Firing;
  /** Prompts without a spatial word, on the same pictures. */
  readonly generic: Firing;
  /** The spatial prompts without a picture; absent where not run. */
  readonly word?: Firing;
}

export const rateOf = ({ fired, samples }: Firing, i: number): number => (samples === 0 ? 0 : fired[i]! / samples);

/** Fires without any spatial word on the picture, and is not explained by the presence of the word alone. */
export function passesLexical({ spatial, generic, word }: LexicalFiring, rules: Rules): Uint8Array {
  return Uint8Array.from(spatial.fired, (_, i) => {
    if (rateOf(generic, i) < rules.genericRate) return 0;
    return !word || rateOf(word, i) < rules.wordShare * rateOf(spatial, i) ? 1 : 0;
  });
}

/**
 * Which chosen features the held-out half confirms: q of the held-out tests, Benjamini-Hochberg over the chosen features
 * alone, at most the rule's. `q` is 1 for a feature that was not chosen.
 */
export function confirm(
  chosen: Uint8Array,
  heldout: readonly FeatureTable[],
  rules: Rules,
): { readonly confirmed: Uint8Array; readonly q: Float64Array } {
  const ids = Array.from(chosen.keys()).filter((i) => chosen[i]);
  const adjusted = benjaminiHochberg(ids.map((i) => heldout[i]!.p));
  const q = new Float64Array(chosen.length).fill(1);
  for (const [k, i] of ids.entries()) q[i] = adjusted[k]!;
  return { confirmed: chosen.map((c, i) => (c && q[i]! <= rules.q ? 1 : 0)), q };
}
