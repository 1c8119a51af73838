import * as Plot from '@observablehq/plot';
import { familyName, questionsOf } from '../../render/family.ts';
import type { FigureMaker } from './figure.ts';

const MEASURES = {
  log_odds: { name: 'ablation', axis: 'change of log-odds (nats)', what: 'log-odds' },
  accuracy: { name: 'ablation-accuracy', axis: 'change of accuracy', what: 'accuracy' },
} as const;

/** One measure of the right answer without the top heads, against as many random ones, on both families of questions. */
const ablationOf =
  (measure: keyof typeof MEASURES): FigureMaker =>
  async ({ heads }) => {
    const { name, axis, what } = MEASURES[measure];
    const tests = heads.joint_ablation.filter((row) => row.measure === measure);
    if (tests.length === 0) return null;
    const rows = tests.flatMap((test) => {
      const family = familyName(test.task);
      const task = questionsOf(test.task);
      const own = { task, short: `${family}: these`, series: test.heads.join(', '), ...test.effect, control: false };
      const { control } = test.effect;
      return [
        own,
        ...(control ? [{ task, short: `${family}: random`, series: control.kind, ...control, control: true }] : []),
      ];
    });
    const tone = (d: { control: boolean }): string => (d.control ? 'var(--control)' : 'var(--ink)');
    return {
      name,
      alt: rows.map((r) => `${r.task}, ${r.series}: ${r.value.toFixed(2)}`).join('; '),
      caption: `Paired change of the ${what} of the right answer when heads are replaced by their mean, n ${[...new Set(rows.map((r) => r.n))].join(' and ')} samples. Grey: as many random heads.`,
      columns: ['task', 'heads', axis, 'low', 'high', 'n'],
      rows: rows.map((r) => [r.task, r.series, r.value, r.low, r.high, r.n]),
      plot: (width) => {
        const narrow = width < 500;
        const place = narrow ? { y: 'short' } : { y: 'series', fy: 'task' };
        return {
          height: 150,
          marginLeft: narrow ? 110 : 150,
          marginRight: narrow ? 12 : 120,
          x: { label: axis, grid: true, zero: true, nice: true, ticks: narrow ? 4 : 6 },
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

export const ablation = ablationOf('log_odds');
export const accuracy = ablationOf('accuracy');
