import * as Plot from '@observablehq/plot';
import type { Estimate } from '#release/schema/index.ts';
import type { Figure } from './figure.ts';

/** A line over the layers, with the interval of each value. Controls are grey and dashed. */
export interface LayerSeries {
  readonly name: string;
  /** Small multiple that it stands in; '' where there is one plot. */
  readonly facet: string;
  readonly tone: string;
  readonly control: boolean;
  readonly rows: readonly { readonly layer: number; readonly of: Estimate }[];
}

export interface LayerFigure {
  readonly name: string;
  readonly caption: string;
  /** What the upright axis measures, with its unit. */
  readonly axis: string;
  readonly series: readonly LayerSeries[];
  /** Value that means nothing, drawn as a line. */
  readonly reference?: number;
  /** Layer to point at, with what to say there. */
  readonly mark?: { readonly layer: number; readonly text: string };
}

const HEIGHT = 240;

interface Point extends Estimate {
  readonly layer: number;
  readonly series: string;
  readonly facet: string;
  readonly tone: string;
  readonly control: boolean;
}

/** Null where there is no value. */
export function layerFigure({ name, caption, axis, series, reference, mark }: LayerFigure): Figure | null {
  const points = series.flatMap((one) =>
    one.rows.map(
      ({ layer, of }): Point => ({
        ...of,
        layer,
        series: one.name,
        facet: one.facet,
        tone: one.tone,
        control: one.control,
      }),
    ),
  );
  if (points.length === 0) return null;
  const facets = [...new Set(points.map((p) => p.facet))];
  const layers = [...new Set(points.map((p) => p.layer))].sort((a, b) => a - b);
  const titled = (p: Point): string => (p.facet === '' ? p.series : `${p.facet}, ${p.series}`);
  const ends = (p: Point): string => `${p.value.toFixed(2)} in layer ${p.layer}`;
  const described = series.flatMap((one) => {
    const own = points.filter((p) => p.series === one.name && p.facet === one.facet);
    const [first, last] = [own[0], own.at(-1)];
    return first && last ? [`${titled(first)}: ${ends(first)}, ${ends(last)}`] : [];
  });
  return {
    name,
    alt: `${axis} by layer. ${described.join('; ')}.`,
    caption,
    columns: ['layer', 'series', axis, 'low', 'high', 'n'],
    rows: points.map((p) => [p.layer, titled(p), p.value, p.low, p.high, p.n]),
    plot: (width) => {
      const narrow = width < 500;
      const facet = facets.length > 1 ? { fy: 'facet' } : {};
      const tone = (p: Point): string => p.tone;
      const dash = { control: '4,3', own: 'none' };
      return {
        height: HEIGHT * Math.min(3, facets.length) * (facets.length > 1 ? 0.75 : 1),
        marginRight: narrow ? 16 : facets.length > 1 ? 130 : 160,
        x: { label: 'layer', tickFormat: 'd', ticks: layers.length > 12 ? 8 : layers, inset: 12 },
        y: { label: axis, grid: true, nice: true, ticks: 5 },
        fy: { label: null, domain: facets, axis: narrow ? null : 'right' },
        marks: [
          ...(reference === undefined
            ? []
            : [Plot.ruleY([reference], { stroke: 'var(--ink-faint)', strokeDasharray: '2,2' })]),
          ...(mark
            ? [
                Plot.ruleX([mark.layer], { stroke: 'var(--ink-faint)', strokeDasharray: '2,2' }),
                Plot.text([mark], { x: 'layer', text: 'text', frameAnchor: 'top', dy: -8, fill: 'var(--ink-soft)' }),
              ]
            : []),
          ...(narrow && facets.length > 1
            ? [
                Plot.text(facets, {
                  fy: (f: string) => f,
                  text: (f: string) => f,
                  frameAnchor: 'top-left',
                  dx: 4,
                  dy: -2,
                  fill: 'var(--ink-soft)',
                }),
              ]
            : []),
          Plot.ruleX(
            points.filter((p) => p.low !== null && p.high !== null),
            { ...facet, x: 'layer', y1: 'low', y2: 'high', strokeWidth: 2, strokeOpacity: 0.6, stroke: tone },
          ),
          ...(['control', 'own'] as const).map((kind) =>
            Plot.line(
              points.filter((p) => p.control === (kind === 'control')),
              {
                ...facet,
                x: 'layer',
                y: 'value',
                z: 'series',
                stroke: tone,
                strokeWidth: 1.75,
                strokeDasharray: dash[kind],
              },
            ),
          ),
          Plot.dot(points, { ...facet, x: 'layer', y: 'value', r: 3, fill: tone }),
          ...(narrow || facets.length > 1
            ? []
            : [
                Plot.text(names(points), {
                  x: 'layer',
                  y: 'at',
                  text: 'series',
                  textAnchor: 'start',
                  dx: 8,
                  fill: tone,
                }),
              ]),
        ],
      };
    },
  };
}

/** Height of a name as a share of the plot's. */
const NAME = 0.08;

/** The last point of every line, with a place for its name (`at`) where names do not lie on each other. */
function names(points: readonly Point[]): (Point & { readonly at: number })[] {
  const ends = [...new Map(points.map((p) => [p.series, p])).values()].sort((a, b) => a.value - b.value);
  const all = points.flatMap((p) => [p.value, p.low ?? p.value, p.high ?? p.value]);
  const gap = NAME * (Math.max(...all) - Math.min(...all));
  let below = Number.NEGATIVE_INFINITY;
  return ends.map((end) => {
    below = Math.max(end.value, below + gap);
    return { ...end, at: below };
  });
}
