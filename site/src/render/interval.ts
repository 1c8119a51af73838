import type { Controlled } from '#release/schema/index.ts';
import { type Axis, at, niceAxis, tickText } from './axis.ts';
import { type Html, html, type Part } from './html.ts';
import { count, fixed, interval } from './number.ts';
import { VERDICT_TEXT, verdict } from './verdict.ts';

export interface IntervalRow {
  readonly label: Part;
  readonly claim: Controlled;
  /** Hollow marks are estimates, filled ones are measured. */
  readonly mark?: 'filled' | 'hollow';
  readonly tone?: 'vision' | 'language';
  /** Said instead of what the intervals say, where another row carries the comparison. */
  readonly said?: string;
  /** Said instead of the intervals of value and control, where they are counts. */
  readonly counts?: readonly [string, string];
}

export interface IntervalPlot {
  readonly caption: Part;
  /** What the axis measures, with its unit. */
  readonly axis: string;
  readonly rows: readonly IntervalRow[];
  /** The value that means "no effect", drawn as a line. */
  readonly reference?: number;
  readonly digits?: number;
  readonly domain?: Axis;
}

/** A table whose middle column is the plot: dot and interval in ink, the control's beneath in grey, on one axis. */
export function intervalPlot(plot: IntervalPlot): Html {
  const digits = plot.digits ?? 2;
  const axis = plot.domain ?? niceAxis(plot.rows.flatMap((row) => extent(row.claim)).concat(plot.reference ?? []));
  const controlled = plot.rows.some((row) => row.claim.control !== null);
  return html`<table class="intervals${!controlled && ' uncontrolled'}"><caption>${plot.caption}</caption>
<thead><tr><th scope="col"><span class="visually-hidden">Measure</span></th><th scope="col" class="iv-axis-head">${plot.axis}</th><th scope="col" class="iv-num">value [interval]</th>${controlled && html`<th scope="col" class="iv-num">control</th>`}</tr></thead>
<tbody>${plot.rows.map((row) => intervalRow(row, axis, plot.reference, digits, controlled))}</tbody>
<tfoot><tr><td></td><td class="iv-plot">${axisTicks(axis)}</td><td${controlled && html` colspan="2"`}></td></tr></tfoot></table>`;
}

const extent = (claim: Controlled): number[] =>
  [claim.value, claim.low, claim.high, claim.control?.value, claim.control?.low, claim.control?.high].filter(
    (v): v is number => typeof v === 'number',
  );

function intervalRow(
  row: IntervalRow,
  axis: Axis,
  reference: number | undefined,
  digits: number,
  controlled: boolean,
): Html {
  const { claim } = row;
  const { control } = claim;
  const said = verdict(claim);
  const note = row.said ?? (said === 'no-control' ? 'no control in this release' : VERDICT_TEXT[said]);
  const beside = html`<td class="iv-num iv-control">${
    control &&
    html`${fixed(control.value, digits)} ${row.counts?.[1] ?? interval(control, digits)} <span class="n">${control.kind}, n ${count(control.n)}</span>`
  }${note && html`<span class="verdict">${note}</span>`}</td>`;
  return html`<tr${said === 'inside' && html` class="iv-inside"`}><th scope="row">${row.label}</th><td class="iv-plot">${track(row, axis, reference)}</td><td class="iv-num"><b>${fixed(claim.value, digits)}</b> ${row.counts?.[0] ?? interval(claim, digits)} <span class="n">n ${count(claim.n)}</span></td>${controlled && beside}</tr>`;
}

function track(row: IntervalRow, axis: Axis, reference: number | undefined): Html {
  const { claim } = row;
  const { control } = claim;
  const y = control === null ? 12 : 8;
  const tone = row.tone ?? 'plain';
  return html`<svg width="100%" height="24" class="track" aria-hidden="true"><g class="grid">${axis.ticks.map(
    (tick) => html`<line x1="${at(axis, tick)}%" x2="${at(axis, tick)}%" y1="0" y2="24"/>`,
  )}</g>${reference !== undefined && html`<line class="reference" x1="${at(axis, reference)}%" x2="${at(axis, reference)}%" y1="0" y2="24"/>`}${
    control &&
    html`<g class="of-control">${span(axis, control.low, control.high, 17)}<circle cx="${at(axis, control.value)}%" cy="17" r="3.5"/></g>`
  }<g class="of-${tone} ${row.mark ?? 'filled'}">${span(axis, claim.low, claim.high, y)}<circle cx="${at(axis, claim.value)}%" cy="${y}" r="4.5"/></g></svg>`;
}

const span = (axis: Axis, low: number | null, high: number | null, y: number): Html | false =>
  low !== null && high !== null && html`<line x1="${at(axis, low)}%" x2="${at(axis, high)}%" y1="${y}" y2="${y}"/>`;

/** Labels of an axis, under a plot that is as wide. */
export function axisTicks(axis: Axis): Html {
  return html`<svg width="100%" height="18" class="ticks" aria-hidden="true">${axis.ticks.map(
    (tick) =>
      html`<text x="${at(axis, tick)}%" y="13" text-anchor="${anchor(at(axis, tick))}">${tickText(axis, tick)}</text>`,
  )}</svg>`;
}

/** Labels at the ends of an axis stay within it. */
const anchor = (percent: number): string => (percent < 4 ? 'start' : percent > 96 ? 'end' : 'middle');
