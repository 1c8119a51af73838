import * as Plot from '@observablehq/plot';
import type { FigureMaker } from './figure.ts';

/** Log-odds of the right answer without the top heads, against as many random ones. */
export const ablation: FigureMaker = async ({ heads }) => {
  const tests = heads.joint_ablation.filter((row) => row.measure === 'log_odds');
  if (tests.length === 0) return null;
  const rows = tests.flatMap((test) => {
    const task = test.task === 'spatial' ? 'spatial questions' : 'other questions';
    const own = { task, short: `${test.task}: these`, series: test.heads.join(', '), ...test.effect, control: false };
    const { control } = test.effect;
    return [
      own,
      ...(control ? [{ task, short: `${test.task}: random`, series: control.kind, ...control, control: true }] : []),
    ];
  });
  const tone = (d: { control: boolean }): string => (d.control ? 'var(--control)' : 'var(--ink)');
  return {
    name: 'ablation',
    alt: rows.map((r) => `${r.task}, ${r.series}: ${r.value.toFixed(2)}`).join('; '),
    caption:
      'Paired change of the log-odds of the right answer when heads are replaced by their mean. Grey: as many random heads.',
    columns: ['task', 'heads', 'change of log-odds (nats)', 'low', 'high', 'n'],
    rows: rows.map((r) => [r.task, r.series, r.value, r.low, r.high, r.n]),
    plot: (width) => {
      const narrow = width < 500;
      const place = narrow ? { y: 'short' } : { y: 'series', fy: 'task' };
      return {
        height: 150,
        marginLeft: narrow ? 110 : 150,
        marginRight: narrow ? 12 : 120,
        x: { label: 'change of log-odds (nats)', grid: true, zero: true, nice: true, ticks: narrow ? 4 : 6 },
        y: { label: null, domain: [...new Set(rows.map((r) => (narrow ? r.short : r.series)))] },
        fy: { label: null },
        marks: [
          Plot.ruleX([0], { stroke: 'var(--ink-faint)', strokeDasharray: '2,2' }),
          Plot.ruleY(
            rows.filter((r) => r.low !== null && r.high !== null),
            { ...place, x1: 'low', x2: 'high', strokeWidth: 2, stroke: tone },
          ),
          Plot.dot(rows, { ...place, x: 'value', r: 4, fill: tone }),
        ],
      };
    },
  };
};
