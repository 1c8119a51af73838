import type { SampleRecord, Sparse } from '#release/schema/index.ts';
import { type Html, html } from './html.ts';
import { significant } from './number.ts';

/** Steps of the activation scale; a class per step, so that colour lives in the style sheet. */
export const LEVELS = 9;

/** Step 1..9 of a value on the scale from 0 to `max`; 0 where the feature does not fire. */
export const level = (value: number, max: number): number =>
  value <= 0 || max <= 0 ? 0 : Math.min(LEVELS, Math.max(1, Math.ceil((value / max) * LEVELS)));

/** Dense row-major values of a sparse list. */
export function dense(of: Sparse, length: number): number[] {
  const values = new Array<number>(length).fill(0);
  of.index.forEach((index, i) => {
    if (index < length) values[index] = of.value[i] as number;
  });
  return values;
}

/**
 * The picture with the feature's activation on each patch over it. Colour is one mode; in the other the style sheet makes the
 * patches discs whose area is the step, for readers who cannot use the colour. The values are the patches' titles.
 * @param max value of the strongest step: the same for all pictures that are compared
 */
export function heatmap(sample: SampleRecord, activation: Sparse, max: number, imageUrl: string): Html {
  const { rows, columns } = sample.grid ?? { rows: 1, columns: 1 };
  const values = dense(activation, rows * columns);
  const peak = values.indexOf(Math.max(...values));
  const fires = values.some((v) => v > 0);
  const where = fires
    ? `strongest in row ${Math.floor(peak / columns) + 1}, column ${(peak % columns) + 1} of ${rows} by ${columns}`
    : 'does not fire on the picture';
  const cells = values.flatMap((value, index) => {
    const step = level(value, max);
    if (step === 0) return [];
    const x = index % columns;
    const y = Math.floor(index / columns);
    return html`<rect class="h${step}" x="${x}" y="${y}" width="1" height="1"><title>${significant(value)}</title></rect>`;
  });
  return html`<span class="heatmap" data-rows="${rows}" data-columns="${columns}"><img src="${imageUrl}" alt="${sample.alt ?? 'The picture of this sample'}" width="224" height="224" loading="lazy" decoding="async"/><svg viewBox="0 0 ${columns} ${rows}" role="img" aria-label="${`Activation by patch: ${where}.`}" preserveAspectRatio="none">${cells}${
    fires && html`<rect class="peak" x="${peak % columns}" y="${Math.floor(peak / columns)}" width="1" height="1"/>`
  }</svg></span>`;
}
