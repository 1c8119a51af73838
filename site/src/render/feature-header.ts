import type { Feature, Manifest } from '#release/schema/index.ts';
import { around, type Context, featurePath, releasePath, shortRelease } from './context.ts';
import { type Html, html } from './html.ts';
import { fixed } from './number.ts';
import { term } from './term.ts';

const CLASS_TEXT = {
  vision: 'vision feature',
  language: 'language feature',
  cross: 'fires on both pictures and words',
  none: 'no class: too little activity',
} as const;

/** Name, place, label, the one true sentence, and the way to the neighbours. */
export function featureHeader(feature: Feature, manifest: Manifest, context: Context): Html {
  const { previous, next } = around(manifest, feature.layer, feature.index);
  return html`<header class="feature-head"><nav class="crumbs" aria-label="Breadcrumb"><ol><li><a href="${releasePath(context.release)}">${shortRelease(context.release)}</a></li><li><a href="${releasePath(context.release)}?layer=${feature.layer}">Layer ${feature.layer}</a></li><li aria-current="page">${feature.id}</li></ol></nav>
${context.newer !== null && html`<p class="newer">A newer release exists: <a href="${featurePath(context.newer, feature.id)}">${feature.id} in ${shortRelease(context.newer)}</a> (<a href="/compare/?a=${encodeURIComponent(`${context.release}/${feature.id}`)}&amp;b=${encodeURIComponent(`${context.newer}/${feature.id}`)}">compare</a>). This page stays as it is.</p>`}
<h1><span class="feature-id">${feature.id}</span> ${feature.label.text}</h1>
<p class="label-maker">Label ${feature.label.maker === 'rule' ? 'made by rule' : `written by ${feature.label.maker}`}${
    feature.label.score === null
      ? ', not scored'
      : `, detection score ${fixed(feature.label.score)} on held-out samples`
  }. <span class="class of-${feature.class}">${CLASS_TEXT[feature.class]}</span>${flags(feature)}</p>
<p class="sentence">${feature.sentence}</p>
<nav class="walk" aria-label="Other features">${previous && html`<a rel="prev" href="${featurePath(context.release, previous)}">← ${previous}</a>`}${next && html`<a rel="next" href="${featurePath(context.release, next)}">${next} →</a>`}</nav></header>`;
}

function flags(feature: Feature): Html {
  const of = feature.flags;
  const shown = [
    of.dead && html`<span class="tag">dead</span>`,
    of.adapted && html`<span class="tag">${term('adapted')}${of.adapted_strict && ', strictly'}</span>`,
    of.spatial && html`<span class="tag">${term('spatial')}</span>`,
    of.decoy && html`<span class="tag">${term('decoy')}</span>`,
    of.suspect && html`<span class="tag">turned on both paths</span>`,
    of.rotated_shared && html`<span class="tag">turned in both seeds</span>`,
  ];
  return html`<span class="tags">${shown}</span>`;
}
