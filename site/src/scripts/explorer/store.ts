import { type ColumnData, columnValue } from '#release/columns.ts';
import { ReleaseReader } from '#release/reader.ts';
import type { Column } from '#release/schema/columns.ts';
import { runQuery } from '#release/search/query.ts';
import { fetchSource } from '#release/source-fetch.ts';
import type { Mask } from './filter.ts';

/** The release in the browser: columns come when they are first needed, labels when their rows are shown. */
export class Store {
  readonly reader: ReleaseReader;
  readonly table: readonly Column[];
  readonly rank: Uint32Array;
  readonly columns = new Map<string, ColumnData>();

  private constructor(reader: ReleaseReader, table: readonly Column[], rank: Uint32Array) {
    this.reader = reader;
    this.table = table;
    this.rank = rank;
  }

  static async open(release: string): Promise<Store> {
    const reader = await ReleaseReader.open(fetchSource(`${location.origin}/data/${release}`), {
      id: release,
      cacheBytes: 256 * 2 ** 20,
    });
    const [table, rank] = await Promise.all([reader.columnTable(), reader.order()]);
    return new Store(reader, table.columns, rank);
  }

  get count(): number {
    return this.reader.count;
  }

  /** What a column is; null where the release has none of that name. */
  about(name: string): Column | null {
    if (name === 'map_x' || name === 'map_y') return mapColumn(name);
    return this.table.find((column) => column.name === name) ?? null;
  }

  /** Makes sure that columns are at hand; unknown names are left out. */
  async need(names: Iterable<string>): Promise<void> {
    const missing = [...new Set(names)].filter((name) => !this.columns.has(name));
    await Promise.all(missing.map((name) => this.#load(name)));
  }

  async #load(name: string): Promise<void> {
    if (name === 'map_x' || name === 'map_y') {
      const map = await this.reader.map();
      if (map) this.columns.set(name, { column: mapColumn(name), data: name === 'map_x' ? map.x : map.y });
      return;
    }
    const data = await this.reader.column(name);
    if (data) this.columns.set(name, plain(data));
  }

  /** Features whose label words, promoted tokens or relations match; the last word may be unfinished. Null for an empty query. */
  async search(query: string): Promise<Mask | null> {
    const words = query.trim();
    if (words === '') return null;
    const field = (['relation', 'head', 'token'] as const).find((f) => words.toLowerCase().startsWith(`${f}:`));
    const asked = field
      ? { [field]: words.slice(field.length + 1).trim() }
      : { words: words.endsWith('*') ? words : `${words}*` };
    const names = ['word', 'token', 'relation', 'head'] as const;
    const fields = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await this.reader.searchField(name)])),
    );
    const bits = await runQuery({ count: this.count, fields }, asked, (f, shard, slot, blocks) =>
      this.reader.searchBlock(f, shard, slot, blocks),
    );
    const mask = new Uint8Array(this.count);
    for (const rank of bits.from(0, this.count)) mask[this.rank[rank] as number] = 1;
    return mask;
  }
}

/** The column as floats with NaN for what is missing, so that the loops over all features need no cases. */
function plain(data: ColumnData): ColumnData {
  if (data.data instanceof Float32Array) return data;
  const values = Float32Array.from(data.data, (_, i) => columnValue(data, i) ?? Number.NaN);
  return { column: { ...data.column, type: 'f32' }, data: values };
}

/** The 2-D map as two columns like any other. */
const mapColumn = (name: string): Column => ({
  name,
  title: name === 'map_x' ? 'Map, first direction' : 'Map, second direction',
  unit: '',
  description: 'Layout of the decoder rows by their two largest principal components',
  group: 'map',
  kind: 'number',
  type: 'f32',
  values: null,
  min: -1,
  max: 1,
  missing: 0,
});
