import type { Estimate, StepRow, StepsFile } from '#release/schema/index.ts';
import { type Axis, at, niceAxis } from './axis.ts';
import { plotFigure } from './figure.ts';
import { type Html, html } from './html.ts';
import { count, fixed, interval, percent } from './number.ts';

/** One line of a plot over the steps: a layer, or the model. */
interface Series {
  readonly name: string;
  /** By step; null where it was not measured. */
  readonly values: readonly (Estimate | null)[];
  readonly control?: boolean;
}

interface Measure {
  readonly id: string;
  readonly title: string;
  /** What is seen, and of how many what the intervals are. */
  readonly caption: string;
  readonly series: (steps: readonly StepRow[]) => readonly Series[];
}

const HEIGHT = 190;
/** Room for the uppermost value above its line, and for all values before the first step (percent). */
const TOP = 16;
const LEFT = 10;
/** Room for names at the right end, in percent. */
const WIDTH = 90;
/** Shades that the style sheet has. */
const SHADES = 8;

/** A series for each layer that any step has. */
const byLayer = (steps: readonly StepRow[], of: (row: StepRow['layers'][number]) => Estimate | null): Series[] =>
  [...new Set(steps.flatMap(({ layers }) => layers.map(({ layer }) => layer)))].map((layer) => ({
    name: `L${layer}`,
    values: steps.map(({ layers }) => {
      const row = layers.find((one) => one.layer === layer);
      return row ? of(row) : null;
    }),
  }));

/** Everything that is drawn over the steps. */
const MEASURES: readonly Measure[] = [
  {
    id: 'step-answers',
    title: 'Answers and attention',
    caption:
      'Share of spatial questions where the right answer is likelier than its opposite (chance 0.5), and in grey the share of the attention of words that lies on the picture, mean over all heads. Intervals over samples.',
    series: (steps) => [
      { name: 'right', values: steps.map(({ accuracy }) => accuracy) },
      { name: 'look', values: steps.map(({ attention }) => attention.mass), control: true },
    ],
  },
  {
    id: 'step-rotation',
    title: 'Rotation',
    caption:
      'Mean cosine between a feature’s decoder row in stage S and in a dictionary adapted from it to each moment: 1 is not turned; step 0 shows what adaptation alone does. Intervals over features.',
    series: (steps) => byLayer(steps, ({ rotation }) => rotation.mean),
  },
  {
    id: 'step-effect',
    title: 'Spatial effect',
    caption:
      'Share of pictures on which the layer’s spatial features fire under a spatial question, less that under the matched one, on scenes that did not choose them. Features and dictionary are those of the last moment. Intervals over samples.',
    series: (steps) =>
      byLayer(steps, (row) => row.spatial_effect).filter(({ values }) => values.some((v) => v !== null)),
  },
  {
    id: 'step-fit-start',
    title: 'What the text’s dictionary misses',
    caption: 'Variance of the multimodal stream that stage S leaves out. Intervals over held-out samples.',
    series: (steps) => byLayer(steps, ({ fvu }) => fvu.S),
  },
  {
    id: 'step-fit-end',
    title: 'What the last dictionary misses',
    caption:
      'Variance of the multimodal stream that stage F, learnt at the last moment, leaves out. Intervals over held-out samples.',
    series: (steps) => byLayer(steps, ({ fvu }) => fvu.F),
  },
];

function curve({ values, control }: Series, i: number, x: (step: number) => string, y: (v: number) => string): Html {
  const points = values.flatMap((estimate, step) => (estimate ? [{ step, estimate }] : []));
  return html`<g class="${control ? 'shade-control' : `shade-${i % SHADES}`}">${points.map(
    ({ step, estimate: { value, low, high } }, p) => {
      const before = points[p - 1];
      return html`${low !== null && high !== null && html`<line class="range" x1="${x(step)}" x2="${x(step)}" y1="${y(low)}" y2="${y(high)}"/>`}${before && html`<line x1="${x(before.step)}" y1="${y(before.estimate.value)}" x2="${x(step)}" y2="${y(value)}"/>`}<circle cx="${x(step)}" cy="${y(value)}" r="2.5"/>`;
    },
  )}</g>`;
}

/** Names of the lines at their right ends, moved apart so that none covers another. */
function names(series: readonly Series[], y: (v: number) => string): Html {
  const ends = series
    .map(({ name, values, control }, i) => ({
      name,
      control,
      i,
      at: Number(y(values.findLast((v) => v !== null)?.value ?? 0)),
    }))
    .sort((a, b) => a.at - b.at);
  let lowest = Number.NEGATIVE_INFINITY;
  return html`<g class="names">${ends.map(({ name, at: wanted, i, control }) => {
    lowest = Math.max(wanted, lowest + 12);
    return html`<text class="${control ? 'shade-control' : `shade-${i % SHADES}`}" x="${WIDTH + 1.5}%" y="${lowest.toFixed(1)}" dy="4">${name}</text>`;
  })}</g>`;
}

function plot(series: readonly Series[], steps: readonly StepRow[]): Html {
  const ends = series.flatMap(({ values }) =>
    values.flatMap((v) => (v ? [v.value, v.low ?? v.value, v.high ?? v.value] : [])),
  );
  const axis: Axis = niceAxis(ends);
  const y = (value: number): string => (TOP + (HEIGHT - TOP - 8) * (1 - at(axis, value) / 100)).toFixed(1);
  // Checkpoints stand at equal distances: they are spaced by the logarithm of the steps.
  const x = (step: number): string => `${(LEFT + ((WIDTH - LEFT) * step) / Math.max(1, steps.length - 1)).toFixed(2)}%`;
  return html`<svg width="100%" height="${HEIGHT + 18}" class="over-steps"><g class="grid">${axis.ticks.map((tick) => html`<line x1="0" x2="${WIDTH}%" y1="${y(tick)}" y2="${y(tick)}"/><text x="0" y="${y(tick)}" dy="-3">${fixed(tick, axis.digits)}</text>`)}${steps.map(({ step }, i) => html`<text x="${x(i)}" y="${HEIGHT + 14}" text-anchor="middle">${count(step)}</text>`)}</g>${series.map((one, i) => curve(one, i, x, y))}${names(series, y)}</svg><p class="axis-name">steps of fine-tuning done</p>`;
}

/** Where heads look, step by step. */
const concentration = (steps: readonly StepRow[]): Html =>
  html`<p>Half of all attention on the picture is held by ${steps.map(({ step, attention }, i) => html`${i > 0 && ', '}${count(attention.heads_50)} heads at step ${count(step)}`)}, four fifths at the end by ${count(steps.at(-1)?.attention.heads_80 ?? 0)} of ${count(steps[0]?.attention.heads ?? 0)}.</p>`;

/** The axis of training steps: a plot a measure, each with its numbers. */
export function stepPlots({ steps }: StepsFile): Html {
  const last = steps.at(-1) as StepRow;
  return html`<p>${count(steps.length)} checkpoints of the tuned model’s training, from step ${count(steps[0]?.step ?? 0)} to ${count(last.step)}: it then answered ${percent(last.accuracy.value)} of spatial questions right ${interval(last.accuracy)}, n ${count(last.accuracy.n)}.</p>${MEASURES.map(
    ({ id, title, caption, series: of }) => {
      const series = of(steps);
      if (series.length === 0)
        return html`<h3>${title}</h3><p class="absent">No layer has a feature of this kind in this release.</p>`;
      const cell = (v: Estimate | null | undefined) =>
        v ? `${fixed(v.value, 3)} ${interval(v, 3)}, n ${count(v.n)}` : '';
      return html`<h3>${title}</h3>${plotFigure({
        id,
        alt: `${title} by step of training: ${series.map(({ name, values }) => `${name} from ${fixed(values.find((v) => v !== null)?.value ?? 0)} to ${fixed(values.findLast((v) => v !== null)?.value ?? 0)}`).join('; ')}.`,
        caption,
        plot: plot(series, steps),
        columns: ['step', ...series.map(({ name }) => name)],
        rows: steps.map(({ step }, i) => [count(step), ...series.map(({ values }) => cell(values[i]))]),
      })}`;
    },
  )}${concentration(steps)}`;
}
