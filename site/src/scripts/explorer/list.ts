import { count } from '../../render/number.ts';
import { one } from './dom.ts';
import { csv, download, json } from './export.ts';
import { type Mask, orderBy, pick } from './filter.ts';
import { type ExplorerState, formatState } from './state.ts';
import type { Store } from './store.ts';
import { PAGE, rows } from './table.ts';

type Change = (change: Partial<ExplorerState>) => void;
const BASE = ['class', 'cos_s_f', 'control_difference', 'preference', 'risk_difference', 'heads_80'];

/** The table of the selection, fifty rows at a time, any column sorted; and the ways to take the selection along. */
export class List {
  readonly #store: Store;
  readonly #change: Change;
  readonly #table = one<HTMLTableElement>('[data-table]');
  #names: string[] = [];
  #order: { readonly of: unknown; readonly descending: boolean; readonly order: Uint32Array } | null = null;
  #mask: Mask = new Uint8Array();
  #total = 0;
  #shown = 0;
  /** Place in the order that the next rows are looked for from. */
  #next = 0;
  /** Number of the view that the rows belong to. */
  #view = 0;
  #queue: Promise<void> = Promise.resolve();

  constructor(store: Store, change: Change) {
    this.#store = store;
    this.#change = change;
    one('[data-more]').addEventListener('click', () => this.#append());
    one('[data-export="csv"]').addEventListener('click', async () =>
      download('features.csv', 'text/csv', await csv(store, this.#all(), this.#names)),
    );
    one('[data-export="json"]').addEventListener('click', () =>
      download('features.json', 'application/json', json(store, this.#all())),
    );
    const link = one('[data-copy-view]');
    link.addEventListener('click', async () => {
      await navigator.clipboard.writeText(location.href);
      link.textContent = 'Copied';
    });
  }

  /** Columns that the table shows for a state: the usual ones, and those that the plot and the order are about. */
  columnsFor(state: ExplorerState): string[] {
    const extra = [state.x, state.y, state.sort, ...state.ranges.keys()].filter(
      (name) => !['rank', 'layer', 'index'].includes(name),
    );
    return [...new Set([...BASE, ...extra])].filter((name) => this.#store.about(name) !== null);
  }

  #all(): number[] {
    return pick(this.#order?.order ?? this.#store.rank, this.#mask, 0, this.#total).ordinals;
  }

  /** Keeps the order of a state, made again only when it asks for another. */
  #arrange(state: ExplorerState): void {
    const column = state.sort === 'rank' ? null : (this.#store.columns.get(state.sort) ?? null);
    const of = column?.data ?? null;
    const { descending } = state;
    if (this.#order?.of === of && this.#order.descending === descending) return;
    const rank = (): Uint32Array => (descending ? this.#store.rank.slice().reverse() : this.#store.rank);
    this.#order = { of, descending, order: column ? orderBy(column, descending) : rank() };
  }

  /** How many there are; said at once, while the rows wait until nothing moves. */
  count(total: number): void {
    one('[data-count]').textContent = `${count(total)} of ${count(this.#store.count)} features`;
  }

  async update(state: ExplorerState, mask: Mask, total: number): Promise<void> {
    this.#arrange(state);
    this.#mask = mask.slice();
    this.#total = total;
    this.#names = this.columnsFor(state);
    this.#head(state);
    // The page came with the first rows of the view that has no address.
    const ready = this.#view === 0 && formatState(state) === '';
    one('[data-copy-view]').textContent = 'Copy the link to this view';
    await this.#append(true, ready);
  }

  #head(state: ExplorerState): void {
    const heads = [
      ['rank', 'Feature'] as const,
      ['', 'Label'] as const,
      ...this.#names.map((name) => [name, this.#store.about(name)?.title ?? name] as const),
    ];
    const row = document.createElement('tr');
    for (const [name, title] of heads) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      const active = name === state.sort;
      if (active && name !== 'rank') cell.setAttribute('aria-sort', state.descending ? 'descending' : 'ascending');
      if (name === '') cell.textContent = title;
      else {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'sort';
        button.textContent = active && name !== 'rank' ? `${title} ${state.descending ? '↓' : '↑'}` : title;
        button.title = name === 'rank' ? 'Order by how telling a feature is' : `Order by ${title}`;
        button.addEventListener('click', () =>
          this.#change({ sort: name, descending: active ? !state.descending : false }),
        );
        cell.append(button);
      }
      row.append(cell);
    }
    one('thead', this.#table).replaceChildren(row);
  }

  /** Rows come one after the other; those of a view that is no longer shown are dropped. */
  #append(fresh = false, ready = false): Promise<void> {
    if (fresh) this.#view += 1;
    const view = this.#view;
    this.#queue = this.#queue.then(() => (view === this.#view ? this.#draw(view, fresh, ready) : undefined));
    return this.#queue;
  }

  async #draw(view: number, fresh: boolean, ready: boolean): Promise<void> {
    const order = this.#order?.order ?? this.#store.rank;
    const { ordinals, next } = pick(order, this.#mask, fresh ? 0 : this.#next, PAGE);
    const text = ready ? '' : await rows(this.#store, ordinals, this.#names);
    if (view !== this.#view) return;
    this.#next = next;
    this.#shown = (fresh ? 0 : this.#shown) + ordinals.length;
    const body = one('tbody', this.#table);
    if (fresh && !ready) body.innerHTML = text;
    else if (!fresh) body.insertAdjacentHTML('beforeend', text);
    const more = one<HTMLButtonElement>('[data-more]');
    const left = this.#total - this.#shown;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(PAGE, left)} more of ${count(this.#total)}`;
  }
}
