import { type Axis, niceAxis } from './axis.ts';
import { type Html, html, type Part } from './html.ts';
import { axisTicks } from './interval.ts';

export interface Ridge {
  readonly label: Part;
  /** Values of the claim, and of its control; null where the control was not run. */
  readonly values: readonly number[];
  readonly control: readonly number[] | null;
  /** What to say beside the ridge. */
  readonly text: Part;
}

const HEIGHT = 44;
const BINS = 80;

/** Share of values by bin, smoothed over three bins; values beyond the axis fall into its last bin. */
export function density(values: readonly number[], axis: Axis, bins = BINS): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((value - axis.low) / (axis.high - axis.low)) * bins)));
    counts[bin] = (counts[bin] as number) + 1 / values.length;
  }
  return counts.map((_, i) => ((counts[i - 1] ?? 0) + 2 * (counts[i] as number) + (counts[i + 1] ?? 0)) / 4);
}

/** Distributions one under the other on one axis: the claim filled, its control outlined in grey. */
export function ridges(rows: readonly Ridge[], axisName: string, low: number, high: number): Html {
  const axis = niceAxis([low, high], 5);
  const densities = rows.map((row) => [density(row.values, axis), row.control && density(row.control, axis)] as const);
  const top = Math.max(...densities.flat(2).map((d) => d ?? 0), 1e-9);
  return html`<div class="ridges">${rows.map((row, i) => {
    const [claim, control] = densities[i] as (typeof densities)[number];
    return html`<div class="ridge"><span class="ridge-label">${row.label}</span><svg width="100%" height="${HEIGHT}" viewBox="0 0 ${BINS} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path class="claim" d="${area(claim, top)}"/>${control && html`<path class="control" d="${line(control, top)}"/>`}</svg><span class="ridge-text">${row.text}</span></div>`;
  })}<div class="ridge"><span></span><div>${axisTicks(axis)}<p class="axis-name">${axisName}</p></div><span></span></div></div>`;
}

const points = (density: readonly number[], top: number): string[] =>
  density.map((d, i) => `${i + 0.5} ${(HEIGHT - 1 - (HEIGHT - 4) * Math.sqrt(d / top)).toFixed(1)}`);

const line = (density: readonly number[], top: number): string => `M${points(density, top).join('L')}`;
const area = (density: readonly number[], top: number): string =>
  `M0 ${HEIGHT}L${points(density, top).join('L')}L${BINS} ${HEIGHT}Z`;
