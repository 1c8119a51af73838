import { type Axis, at, tightAxis } from './axis.ts';
import { LEVELS } from './heatmap.ts';
import { type Html, html } from './html.ts';
import { fixed } from './number.ts';

export type Point = readonly [number, number];

export interface DensityPlot {
  readonly points: readonly Point[];
  readonly control: readonly Point[] | null;
  readonly low: number;
  readonly high: number;
  /** The corner of suspects: both coordinates below this. */
  readonly corner: number;
  readonly cells: number;
  readonly label: string;
}

/** Counts of points in square cells; what lies below the axis falls into the first cells. */
export function grid(points: readonly Point[], axis: Axis, cells: number): number[] {
  const counts = new Array<number>(cells * cells).fill(0);
  const place = (value: number): number => Math.min(cells - 1, Math.floor((at(axis, value) / 100) * cells));
  for (const [x, y] of points) {
    const index = (cells - 1 - place(y)) * cells + place(x);
    counts[index] = (counts[index] as number) + 1;
  }
  return counts;
}

/** Two cosines against each other as a map of counts: features in steps of the activation hue, the control's as grey dots. */
export function densityPlot(plot: DensityPlot): Html {
  const axis = tightAxis(plot.low, plot.high);
  const counts = grid(plot.points, axis, plot.cells);
  const top = Math.log1p(Math.max(...counts, 1));
  const step = (count: number): number => Math.max(1, Math.ceil((LEVELS * Math.log1p(count)) / top));
  const control = plot.control && grid(plot.control, axis, plot.cells);
  const edge = at(axis, plot.corner) * (plot.cells / 100);
  const cells = (of: readonly number[], name: (count: number) => string, inset: number): Html[] =>
    of.flatMap((n, i) =>
      n === 0
        ? []
        : html`<rect class="${name(n)}" x="${(i % plot.cells) + inset}" y="${Math.floor(i / plot.cells) + inset}" width="${1 - 2 * inset}" height="${1 - 2 * inset}"/>`,
    );
  const svg = html`<svg viewBox="0 0 ${plot.cells} ${plot.cells}" class="density" role="img" aria-label="${plot.label}">${cells(
    counts,
    (n) => `h${step(n)}`,
    0,
  )}${control && cells(control, () => 'control-cell', 0.34)}${plot.corner > plot.low && html`<path class="corner" d="M0 ${plot.cells - edge}H${edge}V${plot.cells}"/>`}</svg>`;
  return html`<div class="density-frame"><span class="end y-high">${fixed(axis.high)}</span><span class="end y-low">${fixed(axis.low)}</span>${svg}<span class="end x-low">${fixed(axis.low)}</span><span class="end x-high">${fixed(axis.high)}</span></div>`;
}
