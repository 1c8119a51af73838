import * as Plot from '@observablehq/plot';
import type { Controlled, Estimate } from '#release/schema/index.ts';
import type { Figure } from './figure.ts';

/** A labelled value with its interval; its control, where there is one, beneath it in grey. */
export interface DotRow {
  readonly label: string;
  /** Which of several values of one label. */
  readonly series: string;
  readonly tone: string;
  readonly of: Estimate | Controlled;
}

export interface DotFigure {
  readonly name: string;
  readonly caption: string;
  /** What the axis measures, with its unit. */
  readonly axis: string;
  readonly rows: readonly DotRow[];
  readonly reference?: number;
}

const controlOf = (of: Estimate | Controlled): Controlled['control'] => ('control' in of ? of.control : null);

/** Null where there is no row. */
export function dotFigure({ name, caption, axis, rows, reference }: DotFigure): Figure | null {
  if (rows.length === 0) return null;
  const points = rows.flatMap((row) => {
    const control = controlOf(row.of);
    const { value, low, high, n } = row.of;
    const own = { label: row.label, series: row.series, tone: row.tone, value, low, high, n };
    return [own, ...(control ? [{ ...own, ...control, series: control.kind, tone: 'var(--control)' }] : [])];
  });
  const labels = [...new Set(points.map((p) => p.label))];
  // Values of one label stand one under the other, in the order of the rows.
  const place = new Map<string, number>();
  const placed = points.map((p) => {
    const at = place.get(p.label) ?? 0;
    place.set(p.label, at + 1);
    return { ...p, at };
  });
  const most = Math.max(...place.values());
  const shift = (at: number): number => (at - (most - 1) / 2) * 8;
  return {
    name,
    alt: `${axis}. ${points.map((p) => `${p.label}, ${p.series}: ${p.value.toFixed(2)}`).join('; ')}.`,
    caption,
    columns: ['row', 'series', axis, 'low', 'high', 'n'],
    rows: points.map((p) => [p.label, p.series, p.value, p.low, p.high, p.n]),
    plot: (width) => ({
      height: 50 + (10 + 9 * most) * labels.length,
      marginLeft: width < 500 ? 110 : 150,
      x: { label: axis, grid: true, nice: true, ticks: width < 500 ? 4 : 6 },
      y: { label: null, domain: labels },
      marks: [
        ...(reference === undefined
          ? []
          : [Plot.ruleX([reference], { stroke: 'var(--ink-faint)', strokeDasharray: '2,2' })]),
        ...Array.from({ length: most }, (_, at) => {
          const part = placed.filter((p) => p.at === at);
          const tone = (p: (typeof placed)[number]): string => p.tone;
          return [
            Plot.ruleY(
              part.filter((p) => p.low !== null && p.high !== null),
              { y: 'label', x1: 'low', x2: 'high', strokeWidth: 2, stroke: tone, dy: shift(at) },
            ),
            Plot.dot(part, { y: 'label', x: 'value', r: 3.5, fill: tone, dy: shift(at) }),
          ];
        }).flat(),
      ],
    }),
  };
}
