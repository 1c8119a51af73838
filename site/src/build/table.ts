import { columnValue } from '#release/columns.ts';
import { featurePath } from '../render/context.ts';
import { type Html, html } from '../render/html.ts';
import { significant } from '../render/number.ts';
import type { SiteRelease } from './releases.ts';

const NAMES = ['class', 'cos_s_f', 'control_difference', 'preference', 'risk_difference', 'heads_80'];
const ROWS = 50;

/** The most telling features as a table: what the explorer shows before, or without, its script. */
export async function firstTable({ reader }: SiteRelease): Promise<Html> {
  const [order, columns] = await Promise.all([reader.order(), reader.columns(NAMES)]);
  const ordinals = [...order.subarray(0, ROWS)];
  const labels = await reader.labels(ordinals);
  const shown = NAMES.flatMap((name) => columns.get(name) ?? []);
  const cell = (ordinal: number, data: (typeof shown)[number]): string => {
    const value = columnValue(data, ordinal);
    return value === null ? '–' : (data.column.values?.[value] ?? significant(value));
  };
  return html`<thead><tr><th scope="col">Feature</th><th scope="col">Label</th>${shown.map((c) => html`<th scope="col">${c.column.title}</th>`)}</tr></thead><tbody>${ordinals.map(
    (ordinal, i) => {
      const { id } = reader.locate(ordinal);
      return html`<tr><th scope="row"><a href="${featurePath(reader.id, id)}">${id}</a></th><td class="label-cell">${labels[i]}</td>${shown.map((c) => html`<td>${cell(ordinal, c)}</td>`)}</tr>`;
    },
  )}</tbody>`;
}
