import type { Controlled, HeadsFile, Manifest, Summary } from '#release/schema/index.ts';
import { releasePath, shortRelease } from './context.ts';
import { agreement, type Columns, largestChanges, type SharedIndex, sharedIndices } from './differences.ts';
import { type Html, html, type Part } from './html.ts';
import { count, degrees, fixed, interval, percent, signed, significant } from './number.ts';

/** One side of a comparison of releases. */
export interface ReleaseSide extends Columns {
  readonly id: string;
  readonly manifest: Manifest;
  readonly summary: Summary;
  readonly heads: HeadsFile;
}

/** Columns that a side must have at hand; one that the release lacks is said. */
export const COMPARED_COLUMNS = [
  'spatial',
  'adapted',
  'adapted_strict',
  'suspect',
  'cos_s_f',
  'preference',
  'risk_difference',
];

const MOST = 40;
const CHANGES = 12;

const beside = (of: Controlled | null | undefined, show: (value: number) => string): Part =>
  of
    ? html`${show(of.value)} ${interval(of)} <span class="n">n ${count(of.n)}</span>${of.control && html`<br/><span class="iv-control">${of.control.kind}: ${show(of.control.value)} ${interval(of.control)}</span>`}`
    : 'not run';

const total = ({ summary }: ReleaseSide, key: 'adapted' | 'adapted_strict' | 'suspect' | 'spatial' | 'dead'): string =>
  count(summary.layers.reduce((sum, layer) => sum + layer[key], 0));

const ablation = ({ heads }: ReleaseSide, task: 'spatial' | 'control'): Controlled | undefined =>
  heads.joint_ablation.find((row) => row.task === task && row.measure === 'log_odds')?.effect;

const model = ({ manifest }: ReleaseSide, role: string): Part =>
  manifest.models
    .filter((m) => m.role === role)
    .map((m) => html`${m.id} <span class="n">${m.sha256.slice(0, 12)}</span>`);

/** What two releases are compared by as a whole. Adding a row is one entry. */
const HEADLINES: readonly (readonly [string, (side: ReleaseSide) => Part])[] = [
  ['date', ({ manifest }) => manifest.date],
  ['base model', (side) => model(side, 'base')],
  ['tuned model', (side) => model(side, 'tuned')],
  ['stages', ({ manifest }) => manifest.stages.join(', ')],
  [
    'samples, and tokens where counted',
    ({ manifest: { counts } }) => `${count(counts.samples)}${counts.tokens > 0 ? `, ${count(counts.tokens)}` : ''}`,
  ],
  ['features', ({ manifest }) => `${count(manifest.counts.features)} in ${manifest.layers.length} layers`],
  ['silent', (side) => total(side, 'dead')],
  [
    'adapted',
    (side) => html`${total(side, 'adapted')} <span class="n">strictly ${total(side, 'adapted_strict')}</span>`,
  ],
  [
    'of them as far in the text-only control',
    ({ summary }) =>
      summary.layers.every((layer) => layer.adapted === 0)
        ? 'none adapted'
        : beside(summary.adapted_in_control, (v) => percent(v, 1)),
  ],
  ['turned on both paths', (side) => total(side, 'suspect')],
  ['spatial, held out', (side) => total(side, 'spatial')],
  [
    'first three heads',
    ({ heads }) =>
      [...heads.heads]
        .sort((x, y) => x.rank - y.rank)
        .slice(0, 3)
        .map((head) => head.id)
        .join(', '),
  ],
  ['spatial log-odds without the top heads', (side) => beside(ablation(side, 'spatial'), (v) => signed(v))],
  ['other log-odds without them', (side) => beside(ablation(side, 'control'), (v) => signed(v))],
];

/** What the two are called in words: with the start of their hashes where their versions are the same. */
function called(a: string, b: string): [string, string] {
  const [x, y] = [shortRelease(a), shortRelease(b)];
  return x === y ? [`${x}-${a.slice(-12, -8)}`, `${y}-${b.slice(-12, -8)}`] : [x, y];
}

const name = ({ id }: ReleaseSide): Html =>
  html`<a href="${releasePath(id)}">${shortRelease(id)}</a> <span class="n">${id.slice(-12)}</span>`;

/** Two releases beside each other: figures, counts by layer, and the feature indices on which they differ. */
export function renderCompareReleases(a: ReleaseSide, b: ReleaseSide): Html {
  const shared = sharedIndices(a.manifest, b.manifest);
  const sides = [a, b];
  const bases = sides.map(({ manifest }) => manifest.models.find((m) => m.role === 'base')?.sha256);
  return html`<section aria-labelledby="figures-title"><h2 id="figures-title">The figures</h2><section class="scroll" tabindex="0" aria-label="Figures, scrollable"><table class="data compare"><thead><tr><td></td>${sides.map(
    (side) => html`<th scope="col">${name(side)} <span class="n">${side.manifest.title}</span></th>`,
  )}</tr></thead><tbody>${HEADLINES.map(([title, of]) => html`<tr><th scope="row">${title}</th>${sides.map((side) => html`<td>${of(side)}</td>`)}</tr>`)}</tbody></table></section></section>
<section aria-labelledby="by-layer-title"><h2 id="by-layer-title">By layer</h2>${byLayer(a, b)}</section>
<section aria-labelledby="differ-title"><h2 id="differ-title">Features that differ</h2><p>${
    bases[0] === bases[1]
      ? 'Both releases start from the same base model.'
      : 'The releases start from different base models.'
  } An index means the same feature in both only where their stage S dictionaries are the same; ${count(shared.length)} indices are in both.</p>${flags(a, b, shared)}${changes(a, b, shared)}</section>`;
}

function byLayer(a: ReleaseSide, b: ReleaseSide): Html {
  const [left, right] = called(a.id, b.id);
  const layers = [...new Set([...a.manifest.layers, ...b.manifest.layers])].sort((x, y) => x - y);
  const keys = ['adapted', 'suspect', 'spatial'] as const;
  const of = ({ summary }: ReleaseSide, layer: number) => summary.layers.find((row) => row.layer === layer);
  const turn = (row: ReturnType<typeof of>): Part =>
    row &&
    html`${fixed(degrees(row.rotation.median), 1)}°${row.control && html` <span class="iv-control">${fixed(degrees(row.control.median), 1)}°</span>`}`;
  const pair = (x: Part, y: Part): Html => html`<td>${x ?? '–'}</td><td>${y ?? '–'}</td>`;
  return html`<section class="scroll" tabindex="0" aria-label="Counts by layer, scrollable"><table class="data by-layer"><caption>Features by layer, a: ${left}, b: ${right}; the turn is the median angle from S to F, in grey the text-only control’s.</caption><thead><tr><th scope="col" rowspan="2">layer</th>${[...keys, 'turn'].map((key) => html`<th scope="colgroup" colspan="2">${key}</th>`)}</tr><tr>${[
    ...keys,
    'turn',
  ].map(() => html`<th scope="col" class="n">a</th><th scope="col" class="n">b</th>`)}</tr></thead><tbody>${layers.map(
    (layer) => {
      const [x, y] = [of(a, layer), of(b, layer)];
      return html`<tr><th scope="row">${layer}</th>${keys.map((key) => pair(x && count(x[key]), y && count(y[key])))}${pair(turn(x), turn(y))}</tr>`;
    },
  )}</tbody></table></section>`;
}

const featureLink = (a: ReleaseSide, b: ReleaseSide, { layer, index }: SharedIndex): Html => {
  const id = `L${layer}F${index}`;
  return html`<a href="/compare/?a=${encodeURIComponent(`${a.id}/${id}`)}&amp;b=${encodeURIComponent(`${b.id}/${id}`)}">${id}</a>`;
};

const FLAGS = [
  ['spatial', 'spatial'],
  ['adapted', 'adapted'],
  ['adapted_strict', 'strictly adapted'],
  ['suspect', 'turned on both paths'],
] as const;

function flags(a: ReleaseSide, b: ReleaseSide, shared: readonly SharedIndex[]): Html {
  const [left, right] = called(a.id, b.id);
  const rows = FLAGS.map(([flag, title]) => [title, agreement(a, b, shared, flag)] as const);
  const list = (of: readonly SharedIndex[]): Html =>
    html`${of.slice(0, MOST).map((at, i) => html`${i > 0 && ', '}${featureLink(a, b, at)}`)}${of.length > MOST && ' …'}`;
  return html`<section class="scroll" tabindex="0" aria-label="Agreement, scrollable"><table class="data"><caption>How far the two agree, index by index.</caption><thead><tr><th scope="col">flag</th><th scope="col">in both</th><th scope="col">only in ${left}</th><th scope="col">only in ${right}</th><th scope="col">Jaccard</th></tr></thead><tbody>${rows.map(
    ([title, of]) =>
      html`<tr><th scope="row">${title}</th>${of ? html`<td>${count(of.both)}</td><td>${count(of.onlyA.length)}</td><td>${count(of.onlyB.length)}</td><td>${fixed(of.jaccard)}</td>` : html`<td colspan="4">not in both releases</td>`}</tr>`,
  )}</tbody></table></section>${rows.map(
    ([title, of]) =>
      of &&
      of.onlyA.length + of.onlyB.length > 0 &&
      html`<details class="more"><summary>${title} in one only <span class="n">${count(of.onlyA.length + of.onlyB.length)}</span></summary>${of.onlyA.length > 0 && html`<p class="note">Only in ${left}: ${list(of.onlyA)}</p>`}${of.onlyB.length > 0 && html`<p class="note">Only in ${right}: ${list(of.onlyB)}</p>`}</details>`,
  )}`;
}

const CHANGED = [
  ['cos_s_f', 'cos(S, F)'],
  ['preference', 'vision preference'],
  ['risk_difference', 'held-out risk difference'],
] as const;

function changes(a: ReleaseSide, b: ReleaseSide, shared: readonly SharedIndex[]): Html {
  return html`<div class="changes">${CHANGED.map(([column, title]) => {
    const most = largestChanges(a, b, shared, column, CHANGES);
    return most.length === 0
      ? html`<div><h3 class="quiet">${title}</h3><p class="absent">No index has a value that differs.</p></div>`
      : html`<div><table class="data"><caption>Largest differences of ${title}</caption><thead><tr><th scope="col">feature</th><th scope="col">a</th><th scope="col">b</th><th scope="col">b − a</th></tr></thead><tbody>${most.map(
          (change) =>
            html`<tr><th scope="row">${featureLink(a, b, change)}</th><td>${significant(change.from)}</td><td>${significant(change.to)}</td><td>${signed(change.to - change.from, 3)}</td></tr>`,
        )}</tbody></table></div>`;
  })}</div>`;
}
