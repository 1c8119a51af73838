import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import type { StepRow } from '#release/schema/index.ts';
import { stepPlots } from './steps.ts';

const of = (value: number, n = 40) => ({ value, low: value - 0.05, high: value + 0.05, n });
const row = (step: number, share: number): StepRow => ({
  step,
  layers: [0, 2].map((layer) => ({
    ...{ layer, features: layer, fvu: { S: of(0.8 - layer / 10), F: of(0.2) } },
    rotation: { mean: of(1 - share / 2), p10: 0.1, p50: 0.5, p90: 0.9 },
    spatial_effect: layer === 2 ? of(share) : null,
  })),
  accuracy: of(0.5 + share / 2),
  attention: { mass: of(share / 4), heads_50: 3, heads_80: 7, heads: 16 },
});
const page = (steps: StepRow[]) => parseHTML(`<main>${stepPlots({ steps }).text}</main>`).document;

test('every measure is drawn over the steps, with intervals, names and the numbers as a table', () => {
  const document = page([row(0, 0), row(160, 0.2), row(2900, 0.6)]);
  const figures = [...document.querySelectorAll('figure')];
  expect(figures.map((f) => f.id)).toEqual([
    'step-answers',
    'step-rotation',
    'step-effect',
    'step-fit-start',
    'step-fit-end',
  ]);
  for (const figure of figures) {
    const lines = figure.querySelectorAll('.over-steps > g[class^="shade"]').length;
    expect(figure.querySelectorAll('circle').length).toBe(3 * lines);
    expect(figure.querySelectorAll('line.range').length).toBe(3 * lines);
    expect(figure.querySelectorAll('tbody tr').length).toBe(3);
    expect(figure.querySelectorAll('thead th').length).toBe(1 + lines);
  }
  expect(document.querySelector('#step-effect .names')?.textContent).toBe('L2');
  expect(document.querySelector('#step-effect tbody tr:last-child td')?.textContent).toBe('0.600 [0.550, 0.650], n 40');
  expect(document.querySelector('main > p')?.textContent).toContain(
    '80\u202f% of spatial questions right [0.75, 0.85], n 40',
  );
});

test('points rise with their values; a single checkpoint is a dot', () => {
  const heights = [...page([row(0, 0), row(9, 0.5)]).querySelectorAll('#step-effect circle')].map((c) =>
    Number(c.getAttribute('cy')),
  );
  expect(heights[1]).toBeLessThan(heights[0]!);
  expect(page([row(0, 0)]).querySelectorAll('#step-answers circle').length).toBe(2);
});

test('a release without spatial features says so', () => {
  const bare = row(0, 0);
  const layers = bare.layers.map((layer) => ({ ...layer, spatial_effect: null }));
  expect(page([{ ...bare, layers }]).querySelector('.absent')?.textContent).toContain('No layer');
});
