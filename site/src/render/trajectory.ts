import type { StageMetrics } from '#release/schema/index.ts';
import { at, fixedAxis } from './axis.ts';
import { plotFigure } from './figure.ts';
import { type Html, html } from './html.ts';
import { angle, fixed } from './number.ts';

const HEIGHT = 200;
const TOP = 18;
const STAGE_X = { S: 13, middle: 47, F: 80 } as const;

const WHOLE = fixedAxis([-1, -0.5, 0, 0.5, 1], 1);
/** From narrow to wide; the first that holds every cosine is drawn, and the caption says where it begins. */
const AXES = [
  fixedAxis([0.9, 0.925, 0.95, 0.975, 1], 3),
  fixedAxis([0.5, 0.625, 0.75, 0.875, 1], 3),
  fixedAxis([0, 0.25, 0.5, 0.75, 1], 2),
];

interface Mark {
  readonly stage: string;
  readonly meaning: string;
  readonly cosine: number;
  readonly x: number;
  readonly control: boolean;
}

const START: Mark = { stage: 'S', meaning: 'the start', cosine: 1, x: STAGE_X.S, control: false };

/** Cosine of each stage's decoder row to where it started, along both paths; controls in grey at the end they stand for. */
export function trajectory(of: StageMetrics): Html {
  const marks = marksOf(of);
  const lowest = Math.min(...marks.map((mark) => mark.cosine));
  const controls = marks.filter((mark) => mark.control).sort((a, b) => b.cosine - a.cosine);
  const axis = AXES.find((candidate) => candidate.low <= lowest) ?? WHOLE;
  const y = (cosine: number): string => (TOP + ((100 - at(axis, cosine)) / 100) * (HEIGHT - TOP - 32)).toFixed(1);
  const lines = marks
    .filter((mark) => mark.x === STAGE_X.middle)
    .map(
      (mark) =>
        html`<g class="path-${mark.stage}">${segment(STAGE_X.S, 1, mark.x, mark.cosine, y)}${segment(mark.x, mark.cosine, STAGE_X.F, of.cos_s_f, y)}</g>`,
    );
  const straight = lines.length === 0 && html`<g class="path-D">${segment(STAGE_X.S, 1, STAGE_X.F, of.cos_s_f, y)}</g>`;
  return plotFigure({
    id: 'stages',
    alt: `Cosine of the decoder row to its start: ${marks.map((mark) => `${mark.stage} ${fixed(mark.cosine)}`).join(', ')}.`,
    caption: html`Where the decoder row points after each stage, as its cosine to the start S. Grey: the controls, which show how far a row turns without pictures, or with another seed. The axis begins at ${fixed(axis.low, 1)}.`,
    plot: html`<svg width="100%" height="${HEIGHT}" class="trajectory"><g class="grid">${axis.ticks.map(
      (tick) =>
        html`<line x1="${STAGE_X.S}%" x2="${STAGE_X.F}%" y1="${y(tick)}" y2="${y(tick)}"/><text x="0" y="${y(tick)}" dy="4">${fixed(tick, axis.digits)}</text>`,
    )}</g>${lines}${straight}${dot(START, y, 4)}${marks.map((mark) => dot(mark, y, CONTROL_DY[controls.indexOf(mark)] ?? 4))}<g class="stage-names"><text x="${STAGE_X.S}%" y="${HEIGHT - 4}" text-anchor="middle">S, the start</text><text x="${STAGE_X.middle}%" y="${HEIGHT - 4}" text-anchor="middle">one change</text><text x="${STAGE_X.F}%" y="${HEIGHT - 4}" text-anchor="middle">both</text></g></svg>`,
    columns: ['stage', 'what it is', 'cosine to S', 'angle'],
    rows: marks.map((mark) => [mark.stage, mark.meaning, fixed(mark.cosine, 3), angle(mark.cosine)]),
  });
}

function marksOf(of: StageMetrics): Mark[] {
  const rows: [string, string, number | null, number, boolean][] = [
    ['D', 'base model on the new data', of.cos_s_d, STAGE_X.middle, false],
    ['M', 'tuned model on the old text', of.cos_s_m, STAGE_X.middle, false],
    ['C', 'control: fine-tuned on the words without pictures', of.cos_s_c, STAGE_X.F, true],
    ['F2', 'control: stage F with another seed', of.cos_s_f2, STAGE_X.F, true],
    ['F', 'tuned model on pictures and words', of.cos_s_f, STAGE_X.F, false],
  ];
  return rows.flatMap(([stage, meaning, cosine, x, control]) =>
    cosine === null ? [] : [{ stage, meaning, cosine, x, control }],
  );
}

const segment = (x1: number, c1: number, x2: number, c2: number, y: (c: number) => string): Html =>
  html`<line x1="${x1}%" y1="${y(c1)}" x2="${x2}%" y2="${y(c2)}"/>`;

/** The controls' names one under the other, the larger cosine's above. */
const CONTROL_DY = [-1, 11];
/** Where a stage's name stands beside its dot, so that names of dots that coincide do not. */
const NAME_AT: Record<string, { dx: number; dy: number; anchor: string }> = {
  S: { dx: 0, dy: -10, anchor: 'middle' },
  D: { dx: 0, dy: 20, anchor: 'middle' },
  M: { dx: 0, dy: -10, anchor: 'middle' },
  F: { dx: 34, dy: 4, anchor: 'start' },
};

function dot({ stage, x, cosine, control }: Mark, y: (c: number) => string, aside: number): Html {
  const { dx, dy, anchor } = NAME_AT[stage] ?? { dx: 10, dy: aside, anchor: 'start' };
  return html`<g class="${control ? 'of-control' : 'of-plain'} filled"><circle cx="${x}%" cy="${y(cosine)}" r="${control ? 4 : 5}"/><text x="${x}%" dx="${dx}" y="${y(cosine)}" dy="${dy}" text-anchor="${anchor}">${stage}</text></g>`;
}
