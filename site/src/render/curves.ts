import type { HeadsFile } from '#release/schema/index.ts';
import { type Axis, at, fixedAxis, niceAxis, tightAxis } from './axis.ts';
import { plotFigure } from './figure.ts';
import { type Html, html } from './html.ts';
import { axisTicks } from './interval.ts';
import { count, fixed, percent } from './number.ts';

const HEIGHT = 170;
const y = (axis: Axis, value: number): string => (HEIGHT - (at(axis, value) / 100) * HEIGHT).toFixed(1);

/** Horizontal rules with their values at the left edge. */
const rules = (axis: Axis): Html =>
  html`<g class="grid">${axis.ticks.map((tick) => html`<line x1="0" x2="100%" y1="${y(axis, tick)}" y2="${y(axis, tick)}"/><text x="100%" y="${y(axis, tick)}" dy="-3" text-anchor="end">${fixed(tick, axis.digits)}</text>`)}</g>`;

/** How few heads carry the effect: spatial features, and random ones in grey. */
export function concentrationCurve(file: HeadsFile): Html {
  const of = file.concentration;
  if (of === null || of.spatial.length === 0)
    return html`<p class="absent">How concentrated the effect is was not measured in this release.</p>`;
  const x = tightAxis(0, of.spatial.length);
  const shares = fixedAxis([0, 0.25, 0.5, 0.75, 1], 2);
  const curve = (values: readonly number[], name: string): Html =>
    html`<g class="${name}">${values.map((value, i) => html`<line x1="${at(x, i)}%" y1="${y(shares, values[i - 1] ?? 0)}" x2="${at(x, i + 1)}%" y2="${y(shares, value)}"/>`)}</g>`;
  const eighty = (values: readonly number[]): number => values.findIndex((share) => share >= 0.8) + 1;
  return plotFigure({
    id: 'concentration',
    alt: `Share of the absolute effect by number of heads: ${eighty(of.spatial)} heads carry 80 % for spatial features, ${eighty(of.random)} for random ones.`,
    caption: html`Share of the absolute effect by number of heads, largest first. ${eighty(of.spatial)} heads carry 80 % for spatial features (n ${count(of.n_spatial)}), ${eighty(of.random)} for random ones in grey (n ${count(of.n_random)}).`,
    plot: html`<svg width="100%" height="${HEIGHT}" class="curve">${rules(shares)}${curve(of.random, 'of-control')}${curve(of.spatial, 'of-vision')}</svg>${axisTicks(x)}<p class="axis-name">heads</p>`,
    columns: ['heads', 'spatial features', 'random features'],
    rows: of.spatial.map((share, i) => [
      count(i + 1),
      percent(share, 1),
      of.random[i] === undefined ? '' : percent(of.random[i] as number, 1),
    ]),
  });
}

/** Most points drawn; the table names how many there are. */
const POINTS = 1500;

/** Estimated against exact effects: how far the cheap estimate can be trusted. */
export function calibrationPlot(file: HeadsFile): Html {
  const of = file.calibration;
  if (of === null || of.points.length === 0)
    return html`<p class="absent">Estimates were not compared with exact patching in this release.</p>`;
  const values = of.points.flat();
  const axis = niceAxis([Math.min(...values), Math.max(...values)], 4);
  const points = of.points.slice(0, POINTS);
  return plotFigure({
    id: 'calibration',
    alt: `Exact against estimated effect of ${count(of.n)} edges: rank correlation ${fixed(of.spearman)}, slope ${fixed(of.slope)}.`,
    caption: html`Exact effect (up) against its estimate by attribution patching (across), both axes alike. Rank correlation ${fixed(of.spearman)}, slope ${fixed(of.slope)}, n ${count(of.n)} edges; the line is where both agree.`,
    plot: html`<svg width="100%" height="${HEIGHT * 1.6}" class="calibration"><line class="reference" x1="0" y1="${HEIGHT * 1.6}" x2="100%" y2="0"/><g>${points.map(
      ([estimate, exact]) =>
        html`<circle cx="${at(axis, estimate)}%" cy="${(HEIGHT * 1.6 * (1 - at(axis, exact) / 100)).toFixed(1)}" r="2"/>`,
    )}</g></svg>${axisTicks(axis)}<p class="axis-name">estimated change of the feature</p>`,
    columns: ['figure', 'value'],
    rows: [
      ['slope', fixed(of.slope, 3)],
      ['rank correlation', fixed(of.spearman, 3)],
      ['edges', count(of.n)],
    ],
  });
}
