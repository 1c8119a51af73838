import './small-screen.ts';
import { one } from './dom.ts';
import { keep, type Mask, size } from './filter.ts';
import { Filters } from './filters.ts';
import { List } from './list.ts';
import { RULE_COLUMNS, RulePanel } from './rule-panel.ts';
import { type ExplorerState, formatState, parseState } from './state.ts';
import { Store } from './store.ts';
import { View } from './view.ts';

/** Opens the release of the page and keeps its parts, and the address, in step with one state. */
async function start(root: HTMLElement): Promise<void> {
  const store = await Store.open(root.dataset['explorer'] ?? '');
  let state = parseState(new URLSearchParams(location.search));
  let hits: { query: string; mask: Mask | null } = { query: '', mask: null };
  let waiting = false;

  const change = (part: Partial<ExplorerState>): void => {
    state = { ...state, ...part };
    if (!waiting) requestAnimationFrame(update);
    waiting = true;
  };
  const current = (): ExplorerState => state;
  const filters = new Filters(store, change, current);
  const view = new View(store, change, current);
  const rule = new RulePanel(store, change);
  const list = new List(store, change);

  async function update(): Promise<void> {
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
    const mask = keep(store.count, store.columns, now, hits.mask);
    filters.update(now, hits.mask);
    view.draw(now, mask, size(mask));
    const query = formatState(now);
    history.replaceState(null, '', query === '' ? location.pathname : `?${query}`);
    await list.update(now, mask);
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
  addEventListener('resize', () => change({}));
  await update();
}

const root = document.querySelector<HTMLElement>('[data-explorer]');
if (root)
  start(root).catch((error: unknown) => {
    const message = one('[data-failure]');
    message.hidden = false;
    message.textContent = `The explorer could not open this release: ${error instanceof Error ? error.message : String(error)}`;
  });
