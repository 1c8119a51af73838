import type { Feature, FeatureExamples } from '#release/schema/index.ts';
import { featurePath, imagePath, shortRelease } from './context.ts';
import { exampleFigure } from './example.ts';
import { type Html, html, join, type Part } from './html.ts';
import { angle, fixed, interval, percent, significant } from './number.ts';

/** One side of a comparison. */
export interface Side {
  readonly release: string;
  readonly feature: Feature;
  readonly examples: FeatureExamples | null;
}

type Row = readonly [string, (of: Feature) => Part];

const known = (cosine: number | null): string => (cosine === null ? 'not run' : angle(cosine));

/** What two features are compared by. Adding a row is one entry. */
const ROWS: readonly Row[] = [
  ['sentence', (f) => f.sentence],
  ['class', (f) => f.class],
  ['turned, S to F', (f) => known(f.stages.cos_s_f)],
  ['control: text-only fine-tune', (f) => known(f.stages.cos_s_c)],
  ['control: another seed', (f) => known(f.stages.cos_s_f2)],
  ['vision preference', (f) => `${fixed(f.preference.value)} ${interval(f.preference)}`],
  ['active on picture tokens', (f) => percent(f.frequency.image, 1)],
  ['active on words after a picture', (f) => percent(f.frequency.text, 1)],
  ['active on words alone', (f) => percent(f.frequency.base_text, 1)],
  [
    'spatial risk difference, held out',
    (f) =>
      f.spatial
        ? `${fixed(f.spatial.heldout.risk_difference.value)} ${interval(f.spatial.heldout.risk_difference)}`
        : 'not run',
  ],
  ['odds ratio, held out', (f) => (f.spatial ? significant(f.spatial.heldout.odds_ratio) : 'not run')],
  ['heads for 80 % of the input', (f) => (f.concentration ? String(f.concentration.heads_80) : 'not traced')],
  [
    'strongest heads',
    (f) =>
      join(
        [...f.heads]
          .sort((a, b) => size(b) - size(a))
          .slice(0, 3)
          .map((e) => `${e.head} (${e.status})`),
        ', ',
      ),
  ],
  [
    'promoted tokens',
    (f) =>
      join(
        f.promoted.slice(0, 6).map((t) => t.token.trim()),
        ', ',
      ),
  ],
];

const size = (edge: Feature['heads'][number]): number => Math.abs(edge.exact?.value ?? edge.estimate.value);

/** Two features beside each other: the same rows, the same scale of activation within each side. */
export function renderCompare(a: Side, b: Side): Html {
  const sides = [a, b];
  return html`<section class="scroll" tabindex="0" aria-label="Comparison, scrollable"><table class="data compare"><thead><tr><td></td>${sides.map(
    ({ release, feature }) =>
      html`<th scope="col"><a href="${featurePath(release, feature.id)}">${feature.id}</a> ${feature.label.text} <span class="n">${shortRelease(release)}</span></th>`,
  )}</tr></thead><tbody>${ROWS.map(([name, of]) => html`<tr><th scope="row">${name}</th>${sides.map(({ feature }) => html`<td>${of(feature)}</td>`)}</tr>`)}</tbody></table></section>
<h2>Where they fire most</h2><div class="two">${sides.map(strongest)}</div>`;
}

function strongest({ release, feature, examples }: Side): Html {
  const options = { image: (hash: string) => imagePath(release, hash), max: feature.max_activation };
  const shown = (examples?.examples ?? []).filter((e) => e.interval === 'top').slice(0, 2);
  return html`<div><h3 class="quiet">${feature.id}</h3>${
    shown.length === 0
      ? html`<p class="absent">This release holds no examples for it.</p>`
      : html`<div class="examples">${shown.map((e) => {
          const sample = examples?.samples[e.sample];
          return sample && exampleFigure(e, sample, options);
        })}</div>`
  }</div>`;
}
