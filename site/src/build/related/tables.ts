import type { RelatedFile } from '#release/schema/index.ts';
import { familyName } from '../../render/family.ts';
import { count, fixed, interval, percent, signed } from '../../render/number.ts';
import { samplesOf } from '../samples.ts';
import type { ReportTable } from '../tables.ts';

const imageTokens = ({ image_tokens: of }: RelatedFile): ReportTable => ({
  caption: `Features of stage S that fire on a token (L0), and the share of them that fire on none of the samples’ tokens of that kind. ${samplesOf((of?.rows ?? []).map((row) => row.l0))}`,
  columns: ['layer', 'L0, picture', 'L0, words', 'silent, picture', 'silent, words'],
  rows: (of?.rows ?? []).map((row) => [
    count(row.layer),
    `${fixed(row.l0.value, 1)} ${interval(row.l0, 1)}`,
    row.l0.control ? `${fixed(row.l0.control.value, 1)} ${interval(row.l0.control, 1)}` : 'not run',
    percent(row.dead_fraction.image, 1),
    percent(row.dead_fraction.text, 1),
  ]),
});

const monosemantic = ({ monosemanticity: of }: RelatedFile, release: string): ReportTable => ({
  caption: 'The most monosemantic feature of each layer, and how alike its pictures are.',
  columns: ['feature', 'layer', 'similarity', 'pictures compared'],
  rows: (of ?? []).flatMap((row) =>
    row.top
      .slice(0, 1)
      .map(({ id, score }) => [
        { text: id, href: `/r/${release}/${id}/` },
        count(row.layer),
        fixed(score),
        count(row.pictures),
      ]),
  ),
});

const prior = ({ language_prior: of }: RelatedFile): ReportTable => ({
  caption: `What the right answers lose when the picture goes: paired change of accuracy and log-odds. ${samplesOf((of ?? []).map((row) => row.accuracy))}`,
  columns: ['questions', 'picture', 'accuracy', 'log-odds (nats)'],
  rows: (of ?? []).map((row) => [
    `${familyName(row.family)}: ${row.kind}`,
    row.picture === 'mean' ? 'mean' : 'another',
    `${signed(row.accuracy.value)} ${interval(row.accuracy)}`,
    `${signed(row.log_odds.value)} ${interval(row.log_odds)}`,
  ]),
});

/** Tables of the page of related analyses. */
export const relatedTables = (related: RelatedFile, release: string) => ({
  imageTokens: imageTokens(related),
  monosemantic: monosemantic(related, release),
  prior: prior(related),
});
