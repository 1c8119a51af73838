import './small-screen.ts';
import { afterPaint, breathe, one } from './dom.ts';
import type { Mask } from './filter.ts';
import { Filters } from './filters.ts';
import { conditionsOf, Kept } from './kept.ts';
import { List } from './list.ts';
import { RULE_COLUMNS, RulePanel } from './rule-panel.ts';
import { type ExplorerState, formatState, parseState } from './state.ts';
import { Store } from './store.ts';
import { View } from './view.ts';

/** Milliseconds without a change after which the table, the address and the soft edges follow. */
const STILL = 120;

/** Opens the release of the page and keeps its parts, and the address, in step with one state. */
async function start(root: HTMLElement): Promise<void> {
  await afterPaint();
  const store = await Store.open(root.dataset['explorer'] ?? '');
  let state = parseState(new URLSearchParams(location.search));
  let hits: { query: string; mask: Mask | null } = { query: '', mask: null };
  let waiting = false;
  let still: ReturnType<typeof setTimeout> | undefined;

  const change = (part: Partial<ExplorerState>): void => {
    state = { ...state, ...part };
    if (!waiting) requestAnimationFrame(() => update(true));
    waiting = true;
  };
  const current = (): ExplorerState => state;
  await breathe();
  const filters = new Filters(store, change, current);
  const view = new View(store, change, current);
  const rule = new RulePanel(store, change);
  const list = new List(store, change);
  const kept = new Kept(store.count);

  /** What follows a change within a frame: counts, histograms, points. The rest waits until nothing moves. */
  async function update(moving: boolean): Promise<void> {
    waiting = false;
    const now = state;
    await store.need(
      [
        ...filters.shown(now),
        ...RULE_COLUMNS,
        ...now.flags,
        ...list.columnsFor(now),
        now.colour,
        now.sort,
        now.x,
        now.y,
      ].filter((name) => name !== 'rule'),
    );
    if (hits.query !== now.query) hits = { query: now.query, mask: await store.search(now.query) };
    if (now !== state) return;
    rule.update(now);
    // At the start nothing moves yet, and the work comes in pieces.
    if (!moving) await breathe();
    kept.set(conditionsOf(store.columns, now, hits.mask));
    if (moving) void view.draw(now, kept.mask, kept.count, true);
    filters.update(now, kept);
    list.count(kept.count);
    if (!moving) {
      await breathe();
      view.prepare(now);
      await breathe();
    }
    clearTimeout(still);
    if (moving) still = setTimeout(() => settle(now), STILL);
    else await settle(now);
  }

  async function settle(now: ExplorerState): Promise<void> {
    if (now !== state) return;
    await view.draw(now, kept.mask, kept.count, false);
    await breathe();
    const query = formatState(now);
    if (now === state) history.replaceState(null, '', query === '' ? location.pathname : `?${query}`);
    await list.update(now, kept.mask, kept.count);
    if (!('ready' in root.dataset)) performance.mark('explorer-ready');
    root.dataset['ready'] = '';
  }

  const search = one<HTMLInputElement>('[data-search]');
  search.value = state.query;
  search.addEventListener('input', () => change({ query: search.value }));
  one('[data-search-form]').addEventListener('submit', (event) => event.preventDefault());
  one('[data-reset]').addEventListener('click', () => {
    search.value = '';
    change(parseState(new URLSearchParams()));
  });
  addEventListener('popstate', () => change(parseState(new URLSearchParams(location.search))));
  document.addEventListener('themechange', () => change({}));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => change({}));
  await update(false);
}

const root = document.querySelector<HTMLElement>('[data-explorer]');
if (root)
  start(root).catch((error: unknown) => {
    const message = one('[data-failure]');
    message.hidden = false;
    message.textContent = `The explorer could not open this release: ${error instanceof Error ? error.message : String(error)}`;
  });
