import * as Plot from '@observablehq/plot';
import { count, degrees } from '../../render/number.ts';
import type { FigureMaker } from './figure.ts';

interface Bar {
  readonly layer: number;
  readonly series: string;
  readonly low: number;
  readonly median: number;
  readonly high: number;
  readonly n: number;
}

/** Median and quartiles of the angle by layer, beside the text-only control. */
export const rotation: FigureMaker = async ({ summary }) => {
  const bars = summary.layers.flatMap(({ layer, rotation: own, control }): Bar[] => {
    const bar = (series: string, q: typeof own): Bar => ({
      layer,
      series,
      low: degrees(q.q75),
      median: degrees(q.median),
      high: degrees(q.q25),
      n: q.n,
    });
    return [bar('tuned', own), ...(control ? [bar('control', control)] : [])];
  });
  const controlled = bars.some((bar) => bar.series === 'control');
  const tone = (d: Bar): string => (d.series === 'tuned' ? 'var(--vision)' : 'var(--control)');
  return {
    name: 'rotation',
    alt: bars.map((b) => `layer ${b.layer}, ${b.series}: median ${b.median.toFixed(1)} degrees`).join('; '),
    caption: `How far decoder rows turned from S to F, by layer: median and quartiles.${controlled ? ' Grey: the text-only control.' : ' No control was run.'} n ${count(bars[0]?.n ?? 0)} features a layer.`,
    columns: ['layer', 'series', 'lower quartile (degrees)', 'median', 'upper quartile', 'features'],
    rows: bars.map((b) => [b.layer, b.series, b.low, b.median, b.high, b.n]),
    plot: () => ({
      height: 250,
      x: { label: 'layer', tickFormat: 'd', ticks: summary.layers.length, inset: 20 },
      y: { label: 'angle (degrees)', zero: true, grid: true, nice: true },
      marks: [
        Plot.ruleX(bars, {
          x: (d: Bar) => d.layer + (d.series === 'tuned' ? -0.1 : 0.1),
          y1: 'low',
          y2: 'high',
          strokeWidth: 2,
          stroke: tone,
        }),
        Plot.dot(bars, {
          x: (d: Bar) => d.layer + (d.series === 'tuned' ? -0.1 : 0.1),
          y: 'median',
          r: 4.5,
          fill: tone,
        }),
      ],
    }),
  };
};
