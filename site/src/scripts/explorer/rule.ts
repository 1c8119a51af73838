import { type ColumnData, columnValue } from '#release/columns.ts';
import { type Mask, size } from './filter.ts';

/** A rule of selection: energy on the multimodal stream above `eps`, decoder cosine at or below a percentile over all layers. */
export interface Rule {
  readonly eps: number;
  readonly percentile: number;
  /** Also ask that the interval of the vision preference lies above 0.5 (ours, not the paper's). */
  readonly strict: boolean;
}

export interface RuleResult {
  readonly selected: Mask;
  readonly threshold: number;
  readonly count: number;
  /** Against the rule at the release's own settings. */
  readonly jaccard: number;
  /** Features that the same thresholds select when a control's cosine stands for the tuned model's; null where it was not run. */
  readonly controls: { readonly text: number | null; readonly seed: number | null };
}

/** Values of a column in order, kept for as long as the column is. */
const ordered = new WeakMap<ColumnData, Float64Array>();

function orderedValues(column: ColumnData): Float64Array {
  const before = ordered.get(column);
  if (before) return before;
  const values = Float64Array.from(column.data, (_, i) => columnValue(column, i) ?? Number.NaN)
    .filter((v) => !Number.isNaN(v))
    .sort();
  ordered.set(column, values);
  return values;
}

/** NumPy's `linear` percentile of the values that exist. */
export function percentileOf(column: ColumnData, percentile: number): number {
  const values = orderedValues(column);
  if (values.length === 0) return Number.NaN;
  const place = ((values.length - 1) * Math.min(100, Math.max(0, percentile))) / 100;
  const below = Math.floor(place);
  const low = values[below] as number;
  const high = values[Math.min(values.length - 1, below + 1)] as number;
  return low + (high - low) * (place - below);
}

/** Jaccard index; 1 where both are empty. */
export function jaccard(a: Mask, b: Mask): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i += 1) {
    both += (a[i] as number) & (b[i] as number);
    either += (a[i] as number) | (b[i] as number);
  }
  return either === 0 ? 1 : both / either;
}

export function applyRule(columns: ReadonlyMap<string, ColumnData>, rule: Rule, standard: Rule): RuleResult {
  const cosine = columns.get('cos_s_f') as ColumnData;
  const threshold = percentileOf(cosine, rule.percentile);
  const selected = select(columns, 'cos_s_f', rule, threshold) as Mask;
  const usual = select(columns, 'cos_s_f', standard, percentileOf(cosine, standard.percentile)) as Mask;
  const passing = (name: string): number | null => {
    const mask = select(columns, name, rule, threshold);
    return mask && size(mask);
  };
  return {
    selected,
    threshold,
    count: size(selected),
    jaccard: jaccard(selected, usual),
    controls: { text: passing('cos_s_c'), seed: passing('cos_s_f2') },
  };
}

/** @param columns floats, NaN where a value is missing */
function select(
  columns: ReadonlyMap<string, ColumnData>,
  cosineName: string,
  rule: Rule,
  threshold: number,
): Mask | null {
  const [cosine, energy, preference] = [
    columns.get(cosineName),
    columns.get('energy_vision'),
    columns.get('preference_low'),
  ];
  if (!cosine || !energy || (rule.strict && !preference) || cosine.column.missing === cosine.data.length) return null;
  const [c, e, p] = [cosine.data, energy.data, rule.strict ? preference?.data : null];
  const mask = new Uint8Array(c.length);
  const { eps } = rule;
  // A missing value is NaN, and fails every comparison.
  for (let i = 0; i < mask.length; i += 1)
    mask[i] = Number((e[i] as number) > eps && (c[i] as number) <= threshold && (p ? (p[i] as number) > 0.5 : true));
  return mask;
}
