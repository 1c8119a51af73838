import * as Plot from '@observablehq/plot';
import { samplesOf } from '../samples.ts';
import { isHeadline } from '../tables.ts';
import type { FigureMaker } from './figure.ts';

/** The last point of each series with a height for its name, so that names of lines that end together stand one above the other. */
function apart<T extends { layer: number; series: string; fvu: number }>(rows: readonly T[]): (T & { at: number })[] {
  const last = new Map(rows.map((row) => [row.series, row]));
  const gap = 0.06 * Math.max(...rows.map((row) => row.fvu));
  let below = Number.NEGATIVE_INFINITY;
  return [...last.values()]
    .sort((a, b) => a.fvu - b.fvu)
    .map((row) => {
      below = Math.max(row.fvu, below + gap);
      return { ...row, at: below };
    });
}

/** Variance that each dictionary leaves unexplained on held-out tokens, by layer: the start on text, the end on the multimodal stream. */
export const fit: FigureMaker = async ({ quality }) => {
  const rows = quality.rows.filter(isHeadline).map((row) => ({
    layer: row.layer,
    series: `${row.stage} on ${row.stream}, ${row.token_class}`,
    stage: row.stage,
    fvu: row.fvu.value,
    low: row.fvu.low,
    high: row.fvu.high,
    tokens: row.tokens,
  }));
  if (rows.length === 0) return null;
  const series = [...new Set(rows.map((row) => row.series))];
  return {
    name: 'fit',
    alt: `Fraction of variance unexplained by layer for ${series.join('; ')}.`,
    caption: `Fraction of variance unexplained (FVU) on held-out tokens: 0 is perfect. Blue: stage S, the base model’s dictionary; orange: stage F, the tuned model’s. One line for each stream and class of tokens; upright lines are intervals over samples. ${samplesOf(quality.rows.filter(isHeadline).map((row) => row.fvu))}`,
    columns: ['layer', 'dictionary and tokens', 'FVU', 'low', 'high', 'tokens'],
    rows: rows.map((r) => [r.layer, r.series, r.fvu, r.low, r.high, r.tokens]),
    plot: (width) => ({
      height: 280,
      marginRight: width < 500 ? 20 : 190,
      x: { label: 'layer', tickFormat: 'd', ticks: new Set(rows.map((r) => r.layer)).size },
      y: { label: 'FVU', zero: true, grid: true, nice: true },
      marks: [
        Plot.ruleX(
          rows.filter((r) => r.low !== null && r.high !== null),
          {
            x: 'layer',
            y1: 'low',
            y2: 'high',
            strokeWidth: 2,
            stroke: (d) => (d.stage === 'S' ? 'var(--language)' : 'var(--vision)'),
          },
        ),
        Plot.line(rows, {
          x: 'layer',
          y: 'fvu',
          z: 'series',
          stroke: (d) => (d.stage === 'S' ? 'var(--language)' : 'var(--vision)'),
          strokeWidth: 1.75,
        }),
        Plot.dot(rows, {
          x: 'layer',
          y: 'fvu',
          r: 2.5,
          fill: (d) => (d.stage === 'S' ? 'var(--language)' : 'var(--vision)'),
        }),
        ...(width < 500
          ? []
          : [
              Plot.text(apart(rows), {
                x: 'layer',
                y: 'at',
                text: 'series',
                textAnchor: 'start',
                dx: 8,
                fill: 'var(--ink-soft)',
              }),
            ]),
      ],
    }),
  };
};
