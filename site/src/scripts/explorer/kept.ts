import type { ColumnArray, ColumnData } from '#release/columns.ts';
import type { Mask } from './filter.ts';
import type { ExplorerState } from './state.ts';

/** A closed range that a feature's value must lie in. Comparison with NaN, a missing value, is false: outside. */
export interface Condition {
  readonly data: ColumnArray;
  readonly low: number;
  readonly high: number;
}

/** Name of the condition that stands for the search. */
const SEARCH = 'search:';

/** Conditions of a state by the name of their column. Columns that are not at hand ask for nothing. */
export function conditionsOf(
  columns: ReadonlyMap<string, ColumnData>,
  state: Pick<ExplorerState, 'ranges' | 'flags'>,
  hits: Mask | null,
): Map<string, Condition> {
  const conditions = new Map<string, Condition>();
  const ask = (name: string, key: string, low: number, high: number): void => {
    const column = columns.get(name);
    if (column) conditions.set(key, { data: column.data, low, high });
  };
  for (const [name, [low, high]] of state.ranges) ask(name, name, low, high);
  for (const name of state.flags) ask(name, `is:${name}`, 1, 1);
  if (hits) conditions.set(SEARCH, { data: hits, low: 1, high: 1 });
  return conditions;
}

interface Standing {
  readonly condition: Condition;
  /** Given once, small: the sum of the numbers of failed conditions names the one that fails alone. */
  readonly number: number;
  readonly failed: Uint8Array;
}

/**
 * The features that all conditions keep, and for each condition those that it alone drops. A change of one condition costs
 * one pass over its column, whatever else is asked.
 */
export class Kept {
  /** 1 where a feature is kept. */
  readonly mask: Mask;
  count: number;
  readonly #fails: Uint8Array;
  readonly #blame: Uint16Array;
  readonly #standing = new Map<string, Standing>();

  constructor(features: number) {
    this.mask = new Uint8Array(features).fill(1);
    this.count = features;
    this.#fails = new Uint8Array(features);
    this.#blame = new Uint16Array(features);
  }

  /** Puts new conditions in the place of those before; at most 255, of which an address holds far fewer. */
  set(conditions: ReadonlyMap<string, Condition>): void {
    for (const name of [...this.#standing.keys()]) if (!conditions.has(name)) this.#drop(name);
    for (const [name, condition] of conditions) this.#apply(name, condition);
    const { mask } = this;
    const fails = this.#fails;
    let count = 0;
    for (let i = 0; i < mask.length; i += 1) {
      const kept = fails[i] === 0 ? 1 : 0;
      mask[i] = kept;
      count += kept;
    }
    this.count = count;
  }

  #drop(name: string): void {
    const { number, failed } = this.#standing.get(name) as Standing;
    for (let i = 0; i < failed.length; i += 1) {
      if (failed[i] === 0) continue;
      this.#fails[i] = (this.#fails[i] as number) - 1;
      this.#blame[i] = (this.#blame[i] as number) - number;
    }
    this.#standing.delete(name);
  }

  #apply(name: string, condition: Condition): void {
    const before = this.#standing.get(name);
    const { data, low, high } = condition;
    if (before?.condition.data === data && before.condition.low === low && before.condition.high === high) return;
    const number = before?.number ?? this.#free();
    const failed = before?.failed ?? new Uint8Array(this.mask.length);
    const [fails, blame] = [this.#fails, this.#blame];
    for (let i = 0; i < failed.length; i += 1) {
      const value = data[i] as number;
      const now = value >= low && value <= high ? 0 : 1;
      const change = now - (failed[i] as number);
      if (change === 0) continue;
      failed[i] = now;
      fails[i] = (fails[i] as number) + change;
      blame[i] = (blame[i] as number) + change * number;
    }
    this.#standing.set(name, { condition, number, failed });
  }

  #free(): number {
    const taken = new Set([...this.#standing.values()].map(({ number }) => number));
    let number = 1;
    while (taken.has(number)) number += 1;
    return number;
  }

  /**
   * Counts by bin of the features that everything but the column's own range keeps.
   * @param bins bin of each feature; features without a value have the last one, which is left out
   */
  binned(name: string, bins: Uint8Array, count: number): Uint32Array {
    const counts = new Uint32Array(count + 1);
    const own = this.#standing.get(name)?.number ?? 0;
    const [fails, blame] = [this.#fails, this.#blame];
    for (let i = 0; i < bins.length; i += 1)
      if (fails[i] === 0 || (own !== 0 && fails[i] === 1 && blame[i] === own)) counts[bins[i] as number]! += 1;
    return counts.subarray(0, count);
  }
}
