import { type Html, html, type Part } from './html.ts';

export interface PlotFigure {
  readonly id: string;
  /** What the picture shows, in words, for those who do not see it. */
  readonly alt: string;
  readonly caption: Part;
  readonly plot: Part;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Part[])[];
}

/** A plot with its caption, and the same numbers as a table behind a disclosure. */
export function plotFigure(figure: PlotFigure): Html {
  return html`<figure class="plot" id="${figure.id}"><div role="img" aria-label="${figure.alt}">${figure.plot}</div>
<figcaption>${figure.caption}<details class="as-table"><summary>The numbers</summary><div class="scroll" tabindex="0" role="group" aria-label="The numbers">${dataTable(figure.columns, figure.rows)}</div></details></figcaption></figure>`;
}

/** A plain table; the first column names the row. */
export function dataTable(columns: readonly string[], rows: readonly (readonly Part[])[]): Html {
  return html`<table class="data"><thead><tr>${columns.map((c) => (c === '' ? html`<td></td>` : html`<th scope="col">${c}</th>`))}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>`,
  )}</tbody></table>`;
}
