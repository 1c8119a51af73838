import type { Histogram } from '#release/schema/index.ts';
import { at, tightAxis } from './axis.ts';
import { plotFigure } from './figure.ts';
import { type Html, html, type Part } from './html.ts';
import { axisTicks } from './interval.ts';
import { count, significant } from './number.ts';

const HEIGHT = 88;

/** Bars on a logarithmic count axis: activations are heavy-tailed, and the tail is what examples are taken from. */
export function histogram(of: Histogram, options: { id: string; caption: Part; unit: string }): Html {
  const total = of.counts.reduce((sum, n) => sum + n, 0);
  if (total === 0) return html`<p class="absent">Never active on the held-out tokens of this release.</p>`;
  const axis = tightAxis(of.edges[0] as number, of.edges.at(-1) as number);
  const top = Math.log10(1 + Math.max(...of.counts));
  const bars = of.counts.map((n, i) => {
    const left = at(axis, of.edges[i] as number);
    const width = Math.max(0, at(axis, of.edges[i + 1] as number) - left);
    const height = (HEIGHT * Math.log10(1 + n)) / top;
    return html`<rect x="${left}%" width="${Math.max(0.2, width - 0.4).toFixed(2)}%" y="${(HEIGHT - height).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  return plotFigure({
    id: options.id,
    alt: `Histogram of ${options.unit}: ${count(total)} values between ${significant(of.edges[0] as number)} and ${significant(of.edges.at(-1) as number)}.`,
    caption: options.caption,
    plot: html`<svg width="100%" height="${HEIGHT}" class="bars">${bars}</svg>${axisTicks(axis)}<p class="axis-name">${options.unit} · height: log count, largest bin ${count(Math.max(...of.counts))}</p>`,
    columns: ['from', 'to', 'tokens'],
    rows: of.counts.map((n, i) => [
      significant(of.edges[i] as number),
      significant(of.edges[i + 1] as number),
      count(n),
    ]),
  });
}
