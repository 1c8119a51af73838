import * as Plot from '@observablehq/plot';
import { columnValue } from '#release/columns.ts';
import { count } from '../../render/number.ts';
import type { FigureMaker } from './figure.ts';

const NAMES = ['spatial', 'risk_difference', 'risk_difference_low', 'risk_difference_high'];
const MOST = 40;

/** Held-out effect of every spatial feature with its interval, largest first. */
export const spatial: FigureMaker = async ({ reader, summary }) => {
  const columns = await reader.columns(NAMES);
  const value = (name: string, i: number): number | null => {
    const data = columns.get(name);
    return data ? columnValue(data, i) : null;
  };
  const chosen = Array.from({ length: reader.count }, (_, i) => i).filter((i) => value('spatial', i) === 1);
  const rows = chosen
    .map((i) => ({
      id: reader.locate(i).id,
      value: value('risk_difference', i) ?? 0,
      low: value('risk_difference_low', i),
      high: value('risk_difference_high', i),
    }))
    .sort((a, b) => b.value - a.value)
    .slice(0, MOST);
  if (rows.length === 0) return null;
  const total = summary.layers.reduce((sum, layer) => sum + layer.spatial, 0);
  return {
    name: 'spatial',
    alt: `Held-out risk difference of ${rows.length} spatial features, from ${rows[0]?.value.toFixed(2)} to ${rows.at(-1)?.value.toFixed(2)}.`,
    caption: `Risk difference of the spatial features on the half of the samples that did not choose them${total > rows.length ? `; the ${rows.length} largest of ${total}` : ''}. The line is no difference. n ${count(rows.length)} features; the samples behind each interval stand on its page.`,
    columns: ['feature', 'risk difference', 'low', 'high'],
    rows: rows.map((r) => [r.id, r.value, r.low, r.high]),
    plot: (width) => ({
      height: 46 + 17 * rows.length,
      marginLeft: 64,
      x: { label: 'risk difference, held out', grid: true, zero: true, nice: true, ticks: width < 500 ? 4 : 6 },
      y: { label: null, domain: rows.map((r) => r.id) },
      marks: [
        Plot.ruleX([0], { stroke: 'var(--ink-faint)', strokeDasharray: '2,2' }),
        Plot.ruleY(
          rows.filter((r) => r.low !== null && r.high !== null),
          { y: 'id', x1: 'low', x2: 'high', strokeWidth: 2, stroke: 'var(--vision)' },
        ),
        Plot.dot(rows, { y: 'id', x: 'value', r: 3.5, fill: 'var(--vision)' }),
      ],
    }),
  };
};
