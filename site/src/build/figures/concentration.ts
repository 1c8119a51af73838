import * as Plot from '@observablehq/plot';
import { count } from '../../render/number.ts';
import type { FigureMaker } from './figure.ts';

/** Number of heads that carry a share of the effect; null where all of them together do not. */
export function headsFor(shares: readonly number[], share: number): number | null {
  const place = shares.findIndex((value) => value >= share);
  return place < 0 ? null : place + 1;
}

/** Share of the absolute effect by number of heads, spatial features beside random ones. */
export const concentration: FigureMaker = async ({ heads }) => {
  const of = heads.concentration;
  if (of === null || of.spatial.length === 0) return null;
  const curve = (series: string, shares: readonly number[]) =>
    [0, ...shares].map((share, n) => ({ heads: n, share, series }));
  const rows = [...curve('spatial', of.spatial), ...curve('random', of.random)];
  const reached = (shares: readonly number[]): string => String(headsFor(shares, 0.8) ?? 'no number of');
  return {
    name: 'concentration',
    alt: `Share of the absolute effect by number of heads: ${reached(of.spatial)} heads carry 80 percent for spatial features, ${reached(of.random)} for random ones.`,
    caption: `Share of the absolute effect by number of heads, largest first: ${count(of.n_spatial)} spatial features, and in grey ${count(of.n_random)} random ones. 80 % (dashed) takes ${reached(of.spatial)} heads for the spatial, ${reached(of.random)} for the random ones.`,
    columns: ['heads', 'share of the absolute effect', 'features'],
    rows: rows.map((r) => [r.heads, r.share, r.series]),
    plot: (width) => ({
      height: 260,
      x: { label: 'heads, largest first', tickFormat: 'd', ticks: width < 500 ? 5 : 10 },
      y: { label: 'share of the absolute effect', domain: [0, 1], grid: true },
      marks: [
        Plot.ruleY([0.8], { stroke: 'var(--ink-faint)', strokeDasharray: '3,3' }),
        Plot.line(rows, {
          x: 'heads',
          y: 'share',
          z: 'series',
          strokeWidth: 2,
          stroke: (d: { series: string }) => (d.series === 'spatial' ? 'var(--vision)' : 'var(--control)'),
        }),
      ],
    }),
  };
};
