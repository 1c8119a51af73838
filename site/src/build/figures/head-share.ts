import * as Plot from '@observablehq/plot';
import { count } from '../../render/number.ts';
import type { FigureMaker } from './figure.ts';

const MOST = 10;

/** Share of the effect on the spatial features that the top heads carry, beside their share on random features. */
export const headShare: FigureMaker = async ({ heads }) => {
  const top = [...heads.heads].sort((a, b) => a.rank - b.rank).slice(0, MOST);
  if (top.length === 0) return null;
  const rows = top.flatMap((head) => [
    { head: head.id, series: 'spatial features', control: false, ...head.spatial_effect },
    ...(head.random_effect ? [{ head: head.id, series: 'random features', control: true, ...head.random_effect }] : []),
  ]);
  const tone = (d: { control: boolean }): string => (d.control ? 'var(--control)' : 'var(--vision)');
  const samples = [...new Set(rows.map((r) => r.n))].map(count).join(' and ');
  return {
    name: 'head-share',
    alt: rows.map((r) => `head ${r.head}, ${r.series}: ${(100 * r.value).toFixed(1)} percent`).join('; '),
    caption: `Share of the total effect that a head carries: the first ${top.length} of ${count(heads.heads.length)} by effect on spatial features, n ${samples} samples. ${rows.some((r) => r.control) ? 'Grey: its share on random features.' : 'Random features were not traced.'}`,
    columns: ['head', 'features', 'share of the effect', 'low', 'high', 'n'],
    rows: rows.map((r) => [r.head, r.series, r.value, r.low, r.high, r.n]),
    plot: (width) => ({
      height: 50 + 24 * top.length,
      x: { label: 'share of the effect', zero: true, nice: true, grid: true, ticks: width < 500 ? 4 : 6 },
      y: { label: null, domain: top.map((head) => head.id) },
      marks: [true, false].flatMap((control) => {
        const part = rows.filter((r) => r.control === control);
        const dy = control ? 4 : -4;
        return [
          Plot.ruleY(
            part.filter((r) => r.low !== null && r.high !== null),
            { y: 'head', x1: 'low', x2: 'high', strokeWidth: 2, stroke: tone, dy },
          ),
          Plot.dot(part, { y: 'head', x: 'value', r: 3.5, fill: tone, dy }),
        ];
      }),
    }),
  };
};
