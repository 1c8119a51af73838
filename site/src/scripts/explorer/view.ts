import type { ColumnData } from '#release/columns.ts';
import { featurePath } from '../../render/context.ts';
import { significant } from '../../render/number.ts';
import { type Key, keyOf } from './colours.ts';
import { fillSelect, one } from './dom.ts';
import type { Mask } from './filter.ts';
import { Scatter } from './scatter.ts';
import type { ExplorerState } from './state.ts';
import type { Store } from './store.ts';

type Change = (change: Partial<ExplorerState>) => void;

/** The scatter with its axes, key and the name of the point under the cursor. */
export class View {
  readonly #store: Store;
  readonly #canvas = one<HTMLCanvasElement>('[data-scatter]');
  readonly #scatter: Scatter;
  readonly #box = one('[data-box]');
  readonly #tip = one('[data-tip]');
  readonly #selects = (['x', 'y', 'colour'] as const).map(
    (axis) => [axis, one<HTMLSelectElement>(`[data-axis="${axis}"]`)] as const,
  );
  #drag: { x: number; y: number } | null = null;
  #key: { readonly of: string; readonly column: ColumnData | null; readonly key: Key } | null = null;

  constructor(store: Store, change: Change, state: () => ExplorerState) {
    this.#store = store;
    this.#scatter = new Scatter(this.#canvas, () => change({}));
    const columns = store.table.filter((c) => c.name !== 'index' && c.min !== null);
    const numeric = columns
      .filter((c) => c.kind === 'number' || c.kind === 'integer')
      .map((c) => [c.name, c.title] as const);
    const map = [
      ['map_x', 'Map, first direction'],
      ['map_y', 'Map, second direction'],
    ] as const;
    const groups = [['rule', 'Selected by the rule'] as const, ...columns.map((c) => [c.name, c.title] as const)];
    for (const [axis, select] of this.#selects) {
      fillSelect(select, axis === 'colour' ? groups : [...numeric, ...map], state()[axis]);
      select.addEventListener('change', () => change({ [axis]: select.value }));
    }
    this.#listen(change, state);
  }

  #listen(change: Change, state: () => ExplorerState): void {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      this.#drag = { x: event.clientX, y: event.clientY };
      if (event.pointerType === 'mouse') canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => (this.#drag ? this.#stretch(event) : this.#name(event)));
    canvas.addEventListener('pointerleave', () => {
      this.#tip.hidden = true;
    });
    canvas.addEventListener('pointercancel', () => this.#drop());
    canvas.addEventListener('pointerup', (event) => {
      const from = this.#drag;
      this.#drop();
      if (!from) return;
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < 6) return this.#open(event);
      const [a, b] = [this.#scatter.valuesAt(from.x, from.y), this.#scatter.valuesAt(event.clientX, event.clientY)];
      if (!a || !b) return;
      const span = (p: number, q: number): [number, number] => [
        Number(Math.min(p, q).toPrecision(5)),
        Number(Math.max(p, q).toPrecision(5)),
      ];
      change({ ranges: new Map([...state().ranges, [state().x, span(a.x, b.x)], [state().y, span(a.y, b.y)]]) });
    });
  }

  #drop(): void {
    this.#drag = null;
    this.#box.hidden = true;
  }

  #stretch(event: PointerEvent): void {
    if (!this.#drag || event.pointerType !== 'mouse') return;
    const frame = this.#canvas.getBoundingClientRect();
    this.#box.hidden = false;
    this.#box.style.left = `${Math.min(this.#drag.x, event.clientX) - frame.left}px`;
    this.#box.style.top = `${Math.min(this.#drag.y, event.clientY) - frame.top}px`;
    this.#box.style.width = `${Math.abs(this.#drag.x - event.clientX)}px`;
    this.#box.style.height = `${Math.abs(this.#drag.y - event.clientY)}px`;
  }

  async #name(event: PointerEvent): Promise<void> {
    const ordinal = this.#scatter.nearest(event.clientX, event.clientY);
    this.#canvas.classList.toggle('over', ordinal >= 0);
    this.#tip.hidden = ordinal < 0;
    if (ordinal < 0) return;
    const frame = this.#canvas.getBoundingClientRect();
    const x = event.clientX - frame.left;
    this.#tip.style.left = `${Math.min(x + 12, frame.width - 180)}px`;
    this.#tip.style.top = `${event.clientY - frame.top + 12}px`;
    const { id } = this.#store.reader.locate(ordinal);
    this.#tip.textContent = id;
    const [label] = await this.#store.reader.labels([ordinal]);
    if (this.#tip.textContent === id) this.#tip.textContent = `${id} · ${label}`;
  }

  #open(event: PointerEvent): void {
    const ordinal = this.#scatter.nearest(event.clientX, event.clientY);
    if (ordinal >= 0) location.href = featurePath(this.#store.reader.id, this.#store.reader.locate(ordinal).id);
  }

  /** The key of a column, resolved again only when the column or the scheme changes. */
  #keyed(column: ColumnData | null): Key {
    const of = `${document.documentElement.dataset['theme']} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
    if (this.#key?.column !== column || this.#key.of !== of)
      this.#key = { of, column, key: keyOf(column, this.#store.count) };
    return this.#key.key;
  }

  /** Resolves the colours of a state before it is drawn. */
  prepare(state: ExplorerState): void {
    this.#keyed(this.#store.columns.get(state.colour) ?? null);
  }

  /** @param moving as in the scatter: the words around it wait, too */
  async draw(state: ExplorerState, mask: Mask, kept: number, moving: boolean): Promise<void> {
    for (const [axis, select] of this.#selects) select.value = state[axis];
    const [x, y] = [this.#store.columns.get(state.x), this.#store.columns.get(state.y)];
    const missing = one('[data-scatter-missing]');
    missing.hidden = x !== undefined && y !== undefined;
    if (!x || !y) return;
    const key = this.#keyed(this.#store.columns.get(state.colour) ?? null);
    const drawn = this.#scatter.draw({ x, y, mask, paint: key.paint }, moving);
    if (moving) return;
    this.#canvas.setAttribute(
      'aria-label',
      `Scatter of ${kept} features: ${x.column.title} across, ${y.column.title} up. The table below lists them.`,
    );
    const ends = { 'x-low': x.column.min, 'x-high': x.column.max, 'y-low': y.column.min, 'y-high': y.column.max };
    for (const [name, value] of Object.entries(ends)) one(`[data-end="${name}"]`).textContent = endText(value ?? 0);
    one('[data-key]').replaceChildren(
      ...key.entries.map(({ name, colour }) => {
        const item = document.createElement('li');
        const dot = document.createElement('span');
        dot.className = 'dot';
        dot.style.background = colour;
        item.append(dot, name);
        return item;
      }),
    );
    await drawn;
  }
}

/** The end of an axis in few signs: next to nothing is nothing. */
const endText = (value: number): string => (Math.abs(value) < 5e-4 ? '0' : significant(value));
