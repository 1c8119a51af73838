import type { Feature, HeadEdge } from '#release/schema/index.ts';
import { releasePath } from './context.ts';
import { type Html, html } from './html.ts';
import { type IntervalRow, intervalPlot } from './interval.ts';
import { count, fixed, percent, significant } from './number.ts';
import { term } from './term.ts';

const SHOWN = 10;

/** Heads that feed a feature: exact effects filled, estimates hollow, strongest first. */
export function headEdges(feature: Feature, release: string): Html {
  if (feature.heads.length === 0)
    return html`<p class="absent">No head was traced for this feature in this release: tracing starts from the spatial features and as many random ones.</p>`;
  const sorted = [...feature.heads].sort((a, b) => strength(b) - strength(a));
  const shown = sorted.slice(0, SHOWN);
  return html`${intervalPlot({
    caption: html`Change of the feature when the head’s output is replaced by that of a run without the picture. Filled: ${term('verified')}; hollow: ${term('estimated')}.`,
    axis: 'change of the feature, summed over the words',
    rows: shown.map((edge) => edgeRow(edge, release)),
    reference: 0,
  })}${sorted.length > SHOWN && html`<p class="note">${count(sorted.length - SHOWN)} weaker heads are in the raw record.</p>`}${concentration(feature)}`;
}

const strength = (edge: HeadEdge): number => Math.abs(edge.exact?.value ?? edge.estimate.value);

/** What else was measured of an edge, where the release has it. */
const more = (edge: HeadEdge): Html =>
  html`${(['denoising', 'queries', 'keys'] as const).map((name) => edge[name] && html`, ${name} ${fixed(edge[name].value)}`)}`;

function edgeRow(edge: HeadEdge, release: string): IntervalRow {
  const measured = edge.status === 'verified' && edge.exact !== null;
  const label = html`<a href="${releasePath(release)}${edge.head}/">${edge.head}</a> <span class="n">${edge.status}${edge.direct !== null && html`, direct ${fixed(edge.direct)}`}${more(edge)}</span>`;
  return {
    label,
    claim: { ...(measured && edge.exact ? edge.exact : edge.estimate), control: null },
    mark: measured ? 'filled' : 'hollow',
  };
}

/** How few heads carry the effect, beside random features. */
function concentration(feature: Feature): Html | false {
  const of = feature.concentration;
  if (of === null) return false;
  const { random } = of;
  const row = (share: string, heads: number, control: number | undefined) =>
    html`<tr><th scope="row">${share}</th><td>${heads}</td><td class="iv-control">${control === undefined ? 'not run' : fixed(control, 1)}</td></tr>`;
  return html`<table class="data narrow"><caption>How many heads carry the absolute effect</caption><thead><tr><th scope="col">share</th><th scope="col">heads</th><th scope="col">random features${random && html` (mean of ${random.n})`}</th></tr></thead><tbody>${row('50 %', of.heads_50, random?.heads_50)}${row('80 %', of.heads_80, random?.heads_80)}${row('90 %', of.heads_90, random?.heads_90)}</tbody></table>
<p class="note">Gini coefficient ${significant(of.gini)}. The paper’s figure, the share of the largest five after truncation to five, is ${percent(of.top5_share)}.</p>`;
}
