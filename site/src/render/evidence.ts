import type { Feature, FiringTable, RelationEffect, SpatialEvidence } from '#release/schema/index.ts';
import { fixedAxis } from './axis.ts';
import { type Html, html } from './html.ts';
import { type IntervalRow, intervalPlot } from './interval.ts';
import { count, percent, probability, significant } from './number.ts';
import { term } from './term.ts';

const SHARES = fixedAxis([0, 0.25, 0.5, 0.75, 1], 2);
/** Relations shown open; the rest is folded, farthest from chance first. */
const OPEN_RELATIONS = 5;

/** What the feature encodes, on the samples that did not choose it. */
export function spatialEvidence(feature: Feature): Html {
  const of = feature.spatial;
  if (of === null)
    return html`<p class="absent">The spatial test was not run on this feature in this release, or it never fired in it.</p>`;
  return html`<p>${standing(feature)}${stability(feature)} It fires on a sample where its largest activation on the words after the picture passes ${significant(of.threshold)}.</p>${rates(of)}${firing(of)}${relations(of.relations)}${minimalPair(of)}`;
}

function standing(feature: Feature): Html {
  if (feature.flags.spatial)
    return html`This feature is ${term('spatial')}: chosen on one half of the samples, confirmed on the other.`;
  if (feature.flags.decoy)
    return html`This feature is a ${term('decoy')}: it was chosen, but the spatial word alone explains it.`;
  return html`This feature is not ${term('spatial')} by the rule of this release.`;
}

/** Over how many other halves of the pictures the finding holds. */
const stability = ({ stability: of }: Feature): Html | false =>
  of !== undefined &&
  html` Over ${count(of.splits)} random splits of the pictures it is spatial in ${percent(of.share)}.`;

const share = (a: number, b: number): number => (a + b === 0 ? 0 : a / (a + b));

/** How often it fires under each family of prompts, and the difference that the claim rests on; held-out half. */
function rates(of: SpatialEvidence): Html {
  const { a, b, c, d, risk_difference: difference } = of.heldout;
  const matched = { kind: 'matched questions', value: share(c, d), low: null, high: null, n: c + d };
  const rows: IntervalRow[] = [
    {
      label: 'under spatial questions',
      claim: { value: share(a, b), low: null, high: null, n: a + b, control: matched },
      said: '',
      // The interval that counts is that of the difference, below.
      counts: [`${count(a)} of ${count(a + b)}`, `${count(c)} of ${count(c + d)}`],
    },
    { label: 'without a spatial word', claim: { ...of.generic_rate, control: null }, said: '' },
    ...(of.word_rate
      ? [{ label: 'on the word without a picture', claim: { ...of.word_rate, control: null }, said: '' }]
      : []),
  ];
  return html`${intervalPlot({
    caption:
      'How often it fires. The same pictures under two families of questions; samples that took no part in choosing it.',
    axis: 'share of samples',
    rows,
    domain: SHARES,
  })}${intervalPlot({
    caption: html`The ${term('risk difference')}: spatial minus matched questions.`,
    axis: 'difference of shares, 0 is none',
    rows: [{ label: 'spatial − matched', claim: { ...difference, control: null }, tone: 'vision' }],
    reference: 0,
    domain: difference.value < 0 || (difference.low ?? 0) < 0 ? fixedAxis([-1, -0.5, 0, 0.5, 1], 1) : SHARES,
  })}`;
}

function firing(of: SpatialEvidence): Html {
  const row = (name: string, table: FiringTable) =>
    html`<tr><th scope="row">${name}</th><td>${count(table.a)} of ${count(table.a + table.b)}</td><td>${count(table.c)} of ${count(table.c + table.d)}</td><td>${significant(table.odds_ratio)}</td><td>${probability(table.p, table.log10_p)}</td><td>${probability(table.q)}</td></tr>`;
  return html`<div class="scroll"><table class="data"><caption>Samples that fire it, by half (Fisher’s exact test, one-sided)</caption><thead><tr><th scope="col">half</th><th scope="col">spatial</th><th scope="col">matched</th><th scope="col">${term('odds ratio')}</th><th scope="col">p</th><th scope="col">${term('q')}</th></tr></thead><tbody>${row('chose it', of.select)}${row('held out', of.heldout)}</tbody></table></div>${
    of.paper &&
    html`<p class="note">Counting tokens, as the paper does: odds ratio ${significant(of.paper.odds_ratio)}, difference ${percent(of.paper.risk_difference, 1)}; ${of.paper.kept ? 'kept' : 'not kept'} by its rule.</p>`
  }`;
}

function relations(all: readonly RelationEffect[]): Html {
  if (all.length === 0)
    return html`<p class="absent">What the feature tells about the scene’s truth was not measured in this release.</p>`;
  const sorted = [...all].sort((x, y) => Math.abs(y.auroc.value - 0.5) - Math.abs(x.auroc.value - 0.5));
  const plot = (caption: Html, shown: readonly RelationEffect[]): Html =>
    intervalPlot({
      caption,
      axis: 'AUROC, 0.5 is chance',
      rows: shown.map((r) => ({
        label: html`${r.relation} <span class="n">${r.aspect}</span>`,
        claim: { ...r.auroc, control: null },
      })),
      reference: 0.5,
      domain: SHARES,
    });
  const rest = sorted.slice(OPEN_RELATIONS);
  return html`${plot(html`How well it tells what is true of the scene (${term('AUROC')}, held out), farthest from chance first.`, sorted.slice(0, OPEN_RELATIONS))}${
    rest.length > 0 &&
    html`<details class="more"><summary>${rest.length} more contrasts</summary>${plot(html`The contrasts nearer to chance.`, rest)}</details>`
  }`;
}

const minimalPair = ({ minimal_pair: pair }: SpatialEvidence): Html =>
  pair === null
    ? html`<p class="absent">Minimal pairs (the same scene mirrored) were not run in this release.</p>`
    : intervalPlot({
        caption: 'Minimal pairs: the same scene with the relation mirrored.',
        axis: 'paired change of the feature',
        rows: [{ label: 'mirrored scene', claim: pair }],
        reference: 0,
      });
