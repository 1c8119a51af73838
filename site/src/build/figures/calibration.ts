import * as Plot from '@observablehq/plot';
import { count, fixed } from '../../render/number.ts';
import type { FigureMaker } from './figure.ts';

/** Exact effect of every verified edge against its estimate. */
export const calibration: FigureMaker = async ({ heads }) => {
  const of = heads.calibration;
  if (of === null || of.points.length === 0) return null;
  const ends = of.points.flat();
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return {
    name: 'calibration',
    alt: `Exact against estimated effect of ${count(of.n)} edges: slope ${fixed(of.slope)}, Spearman ${fixed(of.spearman)}.`,
    caption: `Effect of replacing a head, exact against estimated by attribution patching; n ${count(of.n)} edges, slope ${fixed(of.slope)}, rank correlation (Spearman) ${fixed(of.spearman)}. Dashed: where both agree.`,
    columns: ['estimated', 'exact'],
    rows: of.points,
    plot: (width) => ({
      height: Math.min(width, 420) * 0.8,
      x: { label: 'estimated change of the pre-activation', nice: true, grid: true, ticks: width < 500 ? 4 : 6 },
      y: { label: 'exact change of the pre-activation', nice: true, grid: true, ticks: 5 },
      marks: [
        Plot.line(
          [
            [low, low],
            [high, high],
          ],
          { stroke: 'var(--ink-faint)', strokeDasharray: '3,3' },
        ),
        Plot.dot(of.points, { x: '0', y: '1', r: 2, fill: 'var(--vision)', fillOpacity: 0.55 }),
      ],
    }),
  };
};
