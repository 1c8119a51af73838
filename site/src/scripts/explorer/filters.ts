import type { ColumnData } from '#release/columns.ts';
import { fillSelect, one } from './dom.ts';
import { RangeFilter } from './histogram.ts';
import type { Kept } from './kept.ts';
import type { ExplorerState } from './state.ts';
import type { Store } from './store.ts';

/** Histograms that always stand in the panel; any other column can be added. */
export const STANDING = ['layer', 'cos_s_f', 'preference', 'risk_difference', 'frequency_text'];
const FLAGS = ['spatial', 'adapted', 'adapted_strict', 'rotated_shared', 'suspect', 'decoy', 'dead', 'rule'];
const FLAG_TEXT: Record<string, string> = { rule: 'Selected by the rule below' };

type Change = (change: Partial<ExplorerState>) => void;

/** The panel of flags and histograms. */
export class Filters {
  readonly #store: Store;
  readonly #change: Change;
  readonly #state: () => ExplorerState;
  readonly #ranges = new Map<string, RangeFilter>();
  readonly #list = one('[data-ranges]');
  readonly #add = one<HTMLSelectElement>('[data-add-range]');
  readonly #flags: readonly HTMLInputElement[];

  constructor(store: Store, change: Change, state: () => ExplorerState) {
    this.#store = store;
    this.#change = change;
    this.#state = state;
    this.#flags = FLAGS.filter((flag) => flag === 'rule' || store.about(flag)).map((flag) => this.#flag(flag));
    const numeric = store.table.filter(
      (c) => (c.kind === 'number' || c.kind === 'integer') && c.min !== c.max && c.name !== 'index',
    );
    fillSelect(this.#add, [['', 'Add a filter …'], ...numeric.map((c) => [c.name, c.title] as const)], '');
    this.#add.addEventListener('change', () => {
      const column = store.about(this.#add.value);
      if (column?.min != null && column.max != null)
        change({ ranges: new Map([...state().ranges, [column.name, [column.min, column.max]]]) });
      this.#add.value = '';
    });
  }

  #flag(flag: string): HTMLInputElement {
    const label = document.createElement('label');
    const input = document.createElement('input');
    input.type = 'checkbox';
    input.name = flag;
    label.append(input, ` ${FLAG_TEXT[flag] ?? this.#store.about(flag)?.title ?? flag}`);
    label.title = this.#store.about(flag)?.description ?? '';
    one('[data-flags]').append(label);
    input.addEventListener('change', () => {
      const others = this.#state().flags.filter((f) => f !== flag);
      this.#change({ flags: input.checked ? [...others, flag] : others });
    });
    return input;
  }

  /** Names of the columns whose histograms are shown. */
  shown(state: ExplorerState): string[] {
    return [...new Set([...STANDING, ...state.ranges.keys()])].filter((name) => this.#store.about(name)?.min !== null);
  }

  update(state: ExplorerState, kept: Kept): void {
    for (const input of this.#flags) input.checked = state.flags.includes(input.name);
    const names = this.shown(state).filter((name) => this.#store.columns.has(name));
    for (const [name, filter] of this.#ranges)
      if (!names.includes(name)) {
        filter.element.remove();
        this.#ranges.delete(name);
      }
    for (const name of names) {
      const filter = this.#ranges.get(name) ?? this.#create(name, this.#store.columns.get(name) as ColumnData);
      filter.show(kept, state.ranges.get(name) ?? null);
    }
  }

  #create(name: string, column: ColumnData): RangeFilter {
    const without = (): Map<string, readonly [number, number]> =>
      new Map([...this.#state().ranges].filter(([key]) => key !== name));
    const filter = new RangeFilter(
      column,
      (range) => this.#change({ ranges: range ? new Map([...without(), [name, range]]) : without() }),
      STANDING.includes(name) ? null : () => this.#change({ ranges: without() }),
    );
    this.#ranges.set(name, filter);
    this.#list.append(filter.element);
    return filter;
  }
}
