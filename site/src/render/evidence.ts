import type { Feature, FiringTable, SpatialEvidence } from '#release/schema/index.ts';
import { fixedAxis } from './axis.ts';
import { type Html, html } from './html.ts';
import { type IntervalRow, intervalPlot } from './interval.ts';
import { count, fixed, percent, probability, significant } from './number.ts';
import { term } from './term.ts';

/** What the feature encodes, on the samples that did not choose it. */
export function spatialEvidence(feature: Feature): Html {
  const of = feature.spatial;
  if (of === null)
    return html`<p class="absent">The spatial test was not run on this feature in this release, or it never fired in it.</p>`;
  return html`<p>${standing(feature)} It fires where its largest activation on the words after the picture passes ${significant(of.threshold)}.</p>${rates(of)}${firing(of)}${relations(of)}`;
}

function standing(feature: Feature): Html {
  if (feature.flags.spatial)
    return html`This feature is ${term('spatial')}: chosen on one half of the samples, confirmed on the other.`;
  if (feature.flags.decoy)
    return html`This feature is a ${term('decoy')}: it was chosen, but the spatial word alone explains it.`;
  return html`This feature is not ${term('spatial')} by the rule of this release.`;
}

/** Rates and their difference on one axis, from the held-out half. */
function rates(of: SpatialEvidence): Html {
  const total = (a: number, b: number): number => (a + b === 0 ? 0 : a / (a + b));
  const plain = (value: number, n: number) => ({ value, low: null, high: null, n, control: null });
  const held = of.heldout;
  const rows: IntervalRow[] = [
    {
      label: html`${term('risk difference')}, held out`,
      claim: {
        ...held.risk_difference,
        control: null,
      },
      tone: 'vision',
    },
    { label: 'fires under spatial questions', claim: plain(total(held.a, held.b), held.a + held.b) },
    { label: 'fires under matched questions', claim: plain(total(held.c, held.d), held.c + held.d) },
    { label: 'fires without a spatial word', claim: { ...of.generic_rate, control: null } },
    ...(of.word_rate
      ? [{ label: 'fires on the word without a picture', claim: { ...of.word_rate, control: null } }]
      : []),
  ];
  const low = Math.min(0, ...rows.map((row) => row.claim.low ?? row.claim.value));
  return intervalPlot({
    caption:
      'Share of samples on which the feature fires. The same pictures, two families of questions; samples that took no part in choosing it.',
    axis: 'share of samples',
    rows,
    reference: 0,
    domain: low < 0 ? fixedAxis([-1, -0.5, 0, 0.5, 1], 1) : fixedAxis([0, 0.25, 0.5, 0.75, 1], 2),
  });
}

function firing(of: SpatialEvidence): Html {
  const row = (name: string, table: FiringTable) =>
    html`<tr><th scope="row">${name}</th><td>${count(table.a)} of ${count(table.a + table.b)}</td><td>${count(table.c)} of ${count(table.c + table.d)}</td><td>${significant(table.odds_ratio)}</td><td>${probability(table.p, table.log10_p)}</td><td>${probability(table.q)}</td></tr>`;
  return html`<div class="scroll"><table class="data"><caption>Counts by half (Fisher’s exact test, one-sided)</caption><thead><tr><th scope="col">half</th><th scope="col">spatial</th><th scope="col">matched</th><th scope="col">${term('odds ratio')}</th><th scope="col">p</th><th scope="col">${term('q')}</th></tr></thead><tbody>${row('chose it', of.select)}${row('held out', of.heldout)}</tbody></table></div>${
    of.paper &&
    html`<p class="note">Counting tokens, as the paper does: odds ratio ${significant(of.paper.odds_ratio)}, difference ${percent(of.paper.risk_difference, 1)}; ${of.paper.kept ? 'kept' : 'not kept'} by its rule.</p>`
  }`;
}

function relations(of: SpatialEvidence): Html {
  const rows: IntervalRow[] = of.relations.map((r) => ({
    label: html`${r.relation} <span class="n">${r.aspect}</span>`,
    claim: { ...r.auroc, control: null },
  }));
  const pair = of.minimal_pair;
  return html`${
    rows.length > 0
      ? intervalPlot({
          caption: html`How well the feature tells what is true of the scene (${term('AUROC')}, held out).`,
          axis: 'AUROC, 0.5 is chance',
          rows,
          reference: 0.5,
          domain: fixedAxis([0, 0.25, 0.5, 0.75, 1], 2),
        })
      : html`<p class="absent">What the feature tells about the scene’s truth was not measured in this release.</p>`
  }${
    pair === null
      ? html`<p class="absent">Minimal pairs (the same scene mirrored) were not run in this release.</p>`
      : intervalPlot({
          caption: 'Minimal pairs: the same scene with the relation mirrored.',
          axis: 'paired change of the feature',
          rows: [{ label: 'mirrored scene', claim: pair }],
          reference: 0,
        })
  }<p class="note">Held-out risk difference ${fixed(of.heldout.risk_difference.value, 3)} over ${count(of.heldout.risk_difference.n)} samples.</p>`;
}
