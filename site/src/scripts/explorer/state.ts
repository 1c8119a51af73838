/** Everything that the explorer's address holds. Two readers with one address see the same features. */
export interface ExplorerState {
  readonly query: string;
  /** Column -> closed range. */
  readonly ranges: ReadonlyMap<string, readonly [number, number]>;
  /** Flags that must hold. */
  readonly flags: readonly string[];
  readonly x: string;
  readonly y: string;
  readonly colour: string;
  readonly sort: string;
  readonly descending: boolean;
  /** Rule of selection; null fields stand for the release's own setting. */
  readonly eps: number | null;
  readonly percentile: number | null;
  readonly strict: boolean;
}

export const DEFAULT_STATE: ExplorerState = {
  query: '',
  ranges: new Map(),
  flags: [],
  x: 'cos_s_f',
  y: 'preference',
  colour: 'class',
  sort: 'rank',
  descending: false,
  eps: null,
  percentile: null,
  strict: false,
};

const NAME = /^[a-z0-9_]{1,40}$/;
const name = (text: string | null, fallback: string): string => (text !== null && NAME.test(text) ? text : fallback);

function number(text: string | null): number | null {
  if (text === null || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** `1~2` -> [1, 2]; null for anything else. */
function range(text: string): readonly [number, number] | null {
  const [low, high, more] = text.split('~').map((part) => number(part));
  return more === undefined && typeof low === 'number' && typeof high === 'number' && low <= high ? [low, high] : null;
}

/** Total: whatever does not read is left at its default. */
export function parseState(params: URLSearchParams): ExplorerState {
  const ranges = new Map<string, readonly [number, number]>();
  for (const [key, value] of params) {
    if (!key.startsWith('in.') || !NAME.test(key.slice(3))) continue;
    const read = range(value);
    if (read) ranges.set(key.slice(3), read);
  }
  const layer = number(params.get('layer'));
  if (layer !== null && !ranges.has('layer')) ranges.set('layer', [layer, layer]);
  const sort = params.get('sort') ?? '';
  return {
    query: (params.get('q') ?? '').slice(0, 200),
    ranges,
    flags: (params.get('is') ?? '').split(',').filter((flag) => NAME.test(flag)),
    x: name(params.get('x'), DEFAULT_STATE.x),
    y: name(params.get('y'), DEFAULT_STATE.y),
    colour: name(params.get('colour'), DEFAULT_STATE.colour),
    sort: name(sort.replace(/^-/, ''), DEFAULT_STATE.sort),
    descending: sort.startsWith('-'),
    eps: number(params.get('eps')),
    percentile: number(params.get('pct')),
    strict: params.get('strict') === '1',
  };
}

/** The shortest address of a state: defaults are left out. `parseState` reads it back. */
export function formatState(state: ExplorerState): string {
  const params = new URLSearchParams();
  if (state.query !== '') params.set('q', state.query);
  for (const [column, [low, high]] of [...state.ranges].sort(([a], [b]) => (a < b ? -1 : 1)))
    params.set(`in.${column}`, `${low}~${high}`);
  if (state.flags.length > 0) params.set('is', state.flags.join(','));
  for (const key of ['x', 'y', 'colour'] as const) if (state[key] !== DEFAULT_STATE[key]) params.set(key, state[key]);
  const sort = (state.descending ? '-' : '') + state.sort;
  if (sort !== DEFAULT_STATE.sort) params.set('sort', sort);
  if (state.eps !== null) params.set('eps', String(state.eps));
  if (state.percentile !== null) params.set('pct', String(state.percentile));
  if (state.strict) params.set('strict', '1');
  return params.toString().replaceAll('%7E', '~').replaceAll('%2C', ',');
}
