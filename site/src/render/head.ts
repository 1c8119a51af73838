import { citedUrl, headTitle } from '#release/cite.ts';
import type { Controlled, Estimate, HeadRecord, HeadsFile, Manifest } from '#release/schema/index.ts';
import { attentionViews } from './attention.ts';
import { citable, citeBox } from './cite.ts';
import { type Context, featurePath, type Rendered, releasePath, shortRelease } from './context.ts';
import { questionsOf } from './family.ts';
import { headGrid } from './head-grid.ts';
import { type Html, html, type Part } from './html.ts';
import { type IntervalRow, intervalPlot } from './interval.ts';
import { count, interval, probability, signed } from './number.ts';
import { problemLink } from './problem.ts';
import { term } from './term.ts';

const SHOWN = 24;

/** What stands in for the head's output. */
const METHOD: Readonly<Record<string, string>> = { mean: 'held at its mean', zero: 'set to zero' };

/** A head's page: place on the grid, attention over pictures, what it feeds, what its loss costs. */
export function renderHead(head: HeadRecord, file: HeadsFile, manifest: Manifest, context: Context): Rendered {
  const title = `Head ${head.id} · ${manifest.title}`;
  const cited = citable({ kind: 'head', layer: head.layer, head: head.head }, headTitle(head), manifest, context);
  const permalink = citedUrl(cited);
  const top = html`<title>${title}</title><meta name="description" content="${head.sentence}"/>${
    context.origin !== '' && html`<link rel="canonical" href="${permalink}"/>`
  }<meta property="og:title" content="${title}"/><meta property="og:description" content="${head.sentence}"/>`;
  const problem = { id: head.id, label: head.sentence, permalink, hash: context.hash };
  const sections: [string, string, Part][] = [
    ['grid', 'Its place', headGrid(file, manifest, context.release, head.id)],
    ['attention', 'Where it looks', html`${attentionViews(head, context.release)}${lookingPlot(head)}`],
    ['feeds', 'What it feeds', feeds(head, context.release)],
    ['ablation', 'What its loss costs', ablation(head)],
    ['cite', 'Cite this page', html`${citeBox(cited)}${problemLink(context.problems ?? '', problem)}`],
  ];
  const main = html`<article class="feature" data-head="${head.id}" data-release="${context.release}"><header class="feature-head"><nav class="crumbs" aria-label="Breadcrumb"><ol><li><a href="${releasePath(context.release)}">${shortRelease(context.release)}</a></li><li><a href="${releasePath(context.release)}heads/">Heads</a></li><li aria-current="page">${head.id}</li></ol></nav>
<h1><span class="feature-id">${head.id}</span> Layer ${head.layer}, head ${head.head}</h1><p class="sentence">${head.sentence}</p>
<p class="label-maker">Rank ${count(head.rank)} of ${count(file.heads.length)} by effect on spatial features${head.ablation_rank !== undefined && html`; rank ${count(head.ablation_rank)} by what its loss costs the answers`}.</p></header>
<nav class="contents" aria-label="On this page"><ol>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ol></nav>
<div class="sections">${sections.map(([id, name, content]) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${content}</section>`)}</div></article>`;
  return { head: top.text, main: main.text };
}

/** An estimate whose control is the same figure of something else. */
const against = (value: Estimate, control: Estimate | null, kind: string): Controlled => ({
  ...value,
  control: control && { kind, ...control },
});

function lookingPlot(head: HeadRecord): Html {
  const rows: IntervalRow[] = [
    head.image_mass && {
      label: 'attention on the picture (share)',
      claim: against(head.image_mass.tuned, head.image_mass.base, 'base model'),
    },
    head.entropy && {
      label: 'its entropy over patches (nats)',
      claim: against(head.entropy.tuned, head.entropy.base, 'base model'),
    },
  ].filter((row) => row !== null);
  if (rows.length === 0) return html`<p class="absent">Attention to the picture was not measured in this release.</p>`;
  return intervalPlot({
    caption: 'Tuned model, beside the base model in grey.',
    axis: 'share, or nats',
    rows,
    reference: 0,
  });
}

/** The share on spatial features against that on random ones, with the difference of matched pairs where it was taken. */
const shareClaim = (head: HeadRecord): Controlled => ({
  ...against(head.spatial_effect, head.random_effect, 'random features'),
  ...(head.difference ? { difference: head.difference } : {}),
});

/** Whether the head feeds spatial features more than their controls. */
const beyond = ({ difference, q }: HeadRecord): Html | false =>
  difference !== undefined &&
  html`<p class="note">A spatial feature’s share less that of its control (same layer, fires as often): ${signed(difference.value, 3)} ${interval(difference, 3)}, n ${count(difference.n)} pairs${q !== undefined && html`; q ${probability(q)} over all heads`}.</p>`;

function feeds(head: HeadRecord, release: string): Html {
  const effect = intervalPlot({
    caption:
      'Share of the total effect on spatial features that this head carries, beside its share on random features.',
    axis: 'share of the effect',
    rows: [{ label: 'spatial features', claim: shareClaim(head) }],
    reference: 0,
    digits: 3,
  });
  if (head.features.length === 0)
    return html`${effect}${beyond(head)}<p class="absent">No traced feature is fed by this head in this release.</p>`;
  const strength = (f: HeadRecord['features'][number]): number => f.exact ?? f.estimate;
  const sorted = [...head.features].sort((a, b) => Math.abs(strength(b)) - Math.abs(strength(a)));
  const widest = Math.max(...sorted.map((f) => Math.abs(strength(f))), 1e-12);
  return html`${effect}${beyond(head)}<div class="scroll"><table class="data feeds"><caption>Features by the change that replacing this head brings; ${term('verified')} by exact patching, or ${term('estimated')}.</caption><thead><tr><th scope="col">feature</th><th scope="col">effect</th><th scope="col"><span class="visually-hidden">size</span></th><th scope="col">how known</th></tr></thead><tbody>${sorted
    .slice(0, SHOWN)
    .map(
      (f) =>
        html`<tr><th scope="row"><a href="${featurePath(release, f.id)}">${f.id}</a></th><td>${signed(strength(f), 3)}</td><td class="feed-bar"><svg width="100%" height="10" aria-hidden="true" class="${strength(f) < 0 ? 'down' : 'up'} ${f.status}"><rect width="${((100 * Math.abs(strength(f))) / widest).toFixed(1)}%" height="10"/></svg></td><td>${f.status}${f.exact !== null && html` <span class="n">estimate ${signed(f.estimate, 3)}</span>`}</td></tr>`,
    )}</tbody></table></div>${sorted.length > SHOWN && html`<p class="note">${count(sorted.length - SHOWN)} weaker ones are in heads.json of the release.</p>`}`;
}

function ablation(head: HeadRecord): Html {
  if (head.ablation.length === 0)
    return html`<p class="absent">Ablation of this head alone was not run in this release.</p>`;
  return html`${(['log_odds', 'accuracy'] as const).map((measure) => {
    const rows = head.ablation.filter((a) => a.measure === measure);
    return (
      rows.length > 0 &&
      intervalPlot({
        caption: html`Paired change of the ${measure === 'log_odds' ? term('log-odds') : 'accuracy'} when the head is held at its mean; grey: the control that stands beside it.`,
        axis: measure === 'log_odds' ? 'change of the log-odds (nats)' : 'change of the accuracy',
        rows: rows.map((a) => ({
          label: html`${METHOD[a.method] ?? a.method} <span class="n">${questionsOf(a.task)}${a.q !== undefined && html`, q ${probability(a.q)} over all heads`}</span>`,
          claim: a.effect,
        })),
        reference: 0,
      })
    );
  })}`;
}
