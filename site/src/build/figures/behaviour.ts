import * as Plot from '@observablehq/plot';
import { familyName, questionsOf } from '../../render/family.ts';
import { samplesOf } from '../samples.ts';
import type { FigureMaker } from './figure.ts';

const PICTURES = { seen: 'picture seen', mean: 'mean picture', other: 'another picture', none: 'no picture' } as const;

/** Accuracy by family of questions, with the picture and without it. */
export const behaviour: FigureMaker = async ({ summary }) => {
  if (summary.behaviour.length === 0) return null;
  const rows = summary.behaviour.map((row) => ({
    row: `${row.model}, ${PICTURES[row.picture]}`,
    family: questionsOf(row.family),
    short: `${familyName(row.family)}: ${PICTURES[row.picture]}`,
    seen: row.picture === 'seen',
    value: row.accuracy.value,
    low: row.accuracy.low ?? row.accuracy.value,
    high: row.accuracy.high ?? row.accuracy.value,
    n: row.accuracy.n,
  }));
  return {
    name: 'behaviour',
    alt: rows.map((r) => `${r.family}, ${r.row}: ${(100 * r.value).toFixed(0)} percent`).join('; '),
    caption: `Forced-choice accuracy by family of questions. Grey: the same questions with the picture taken away or exchanged; the line is chance. ${samplesOf(rows)}`,
    columns: ['family', 'model and picture', 'accuracy', 'low', 'high', 'n'],
    rows: rows.map((r) => [r.family, r.row, r.value, r.low, r.high, r.n]),
    plot: (width) => {
      const narrow = width < 500;
      const place = narrow ? { y: 'short' } : { y: 'row', fy: 'family' };
      const tone = (d: { seen: boolean }): string => (d.seen ? 'var(--vision)' : 'var(--control)');
      return {
        height: 190,
        marginLeft: 150,
        marginRight: narrow ? 12 : 120,
        x: { domain: [0, 1], label: 'accuracy', ticks: narrow ? 3 : 5 },
        y: { label: null, domain: narrow ? rows.map((r) => r.short) : [...new Set(rows.map((r) => r.row))] },
        fy: { label: null },
        marks: [
          Plot.ruleX([0.5], { stroke: 'var(--ink-faint)', strokeDasharray: '2,2' }),
          Plot.ruleY(rows, { x1: 'low', x2: 'high', ...place, strokeWidth: 2, stroke: tone }),
          Plot.dot(rows, { x: 'value', ...place, r: 4, fill: tone }),
        ],
      };
    },
  };
};
