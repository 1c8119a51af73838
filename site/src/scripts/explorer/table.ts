import { type ColumnData, columnValue } from '#release/columns.ts';
import type { Column } from '#release/schema/columns.ts';
import { featurePath } from '../../render/context.ts';
import { html } from '../../render/html.ts';
import { significant } from '../../render/number.ts';
import type { Store } from './store.ts';

export const PAGE = 50;

/** Text of one value: classes by name, flags by a word, numbers to three digits. */
export function cellText(about: Column, data: ColumnData, ordinal: number): string {
  const value = columnValue(data, ordinal);
  if (value === null) return '–';
  if (about.values !== null) return about.values[value] ?? String(value);
  if (about.kind === 'flag') return value === 1 ? 'yes' : 'no';
  return about.kind === 'integer' ? String(value) : significant(value);
}

/** Rows of the table's body; the first cell links to the feature. */
export async function rows(store: Store, ordinals: readonly number[], names: readonly string[]): Promise<string> {
  const labels = await store.reader.labels(ordinals);
  return html`${ordinals.map((ordinal, i) => {
    const { id } = store.reader.locate(ordinal);
    return html`<tr><th scope="row"><a href="${featurePath(store.reader.id, id)}">${id}</a></th><td class="label-cell">${labels[i]}</td>${names.map(
      (name) => {
        const data = store.columns.get(name);
        const about = store.about(name);
        return html`<td>${data && about ? cellText(about, data, ordinal) : ''}</td>`;
      },
    )}</tr>`;
  })}`.text;
}
