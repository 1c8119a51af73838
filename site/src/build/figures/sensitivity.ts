import * as Plot from '@observablehq/plot';
import { count as grouped } from '../../render/number.ts';
import type { FigureMaker } from './figure.ts';

/** How many features the paper's rule selects under other thresholds. */
export const sensitivity: FigureMaker = async ({ summary, reader }) => {
  const { eps, percentiles, count, jaccard } = summary.sensitivity;
  const rows = eps.flatMap((e, i) =>
    percentiles.map((p, j) => ({ eps: e, percentile: p, count: count[i]?.[j] ?? 0, jaccard: jaccard[i]?.[j] ?? 1 })),
  );
  if (rows.length === 0) return null;
  return {
    name: 'sensitivity',
    alt: `Features selected under ${eps.length} energy thresholds and ${percentiles.length} percentiles: from ${Math.min(...rows.map((r) => r.count))} to ${Math.max(...rows.map((r) => r.count))}.`,
    caption: `Adapted features under other thresholds; ground: Jaccard index with the rule that this release uses (the stronger the colour, the more alike). n ${grouped(reader.count)} features.`,
    columns: ['energy above', 'percentile of the cosine', 'features', 'Jaccard'],
    rows: rows.map((r) => [r.eps, r.percentile, r.count, r.jaccard]),
    plot: (width) => ({
      height: 210,
      marginLeft: 60,
      x: { label: 'percentile of the cosine', type: 'band', domain: percentiles },
      y: { label: 'energy above', type: 'band', domain: eps },
      marks: [
        Plot.cell(rows, {
          x: 'percentile',
          y: 'eps',
          fill: 'var(--fires)',
          fillOpacity: (d) => 0.06 + 0.34 * d.jaccard,
          inset: 1,
        }),
        Plot.text(rows, {
          x: 'percentile',
          y: 'eps',
          text: (d) => String(d.count),
          fill: 'var(--ink)',
          fontSize: width < 500 ? 10 : 12,
        }),
      ],
    }),
  };
};
