import { citedUrl } from '#release/cite.ts';
import type { Feature, FeatureExamples, Manifest } from '#release/schema/index.ts';
import { causalTests } from './causal.ts';
import { citable, citeBox } from './cite.ts';
import { type Context, dataPath, featurePath, imagePath, type Rendered } from './context.ts';
import { headEdges } from './edges.ts';
import { spatialEvidence } from './evidence.ts';
import { exampleGroups, promptPairs } from './example.ts';
import { featureHeader } from './feature-header.ts';
import { histogram } from './histogram.ts';
import { type Html, html, type Part } from './html.ts';
import { modality } from './modality.ts';
import { neighbours } from './neighbours.ts';
import { angle, count, fixed, percent } from './number.ts';
import { problemLink } from './problem.ts';
import { trajectory } from './trajectory.ts';
import { promotedTokens } from './weights.ts';

/**
 * A feature's page: `head` for the document's head, `main` for its body. The static build, the Worker and the browser
 * all call this, so the page is the same wherever it is made.
 * @param examples null where the release holds none for this feature
 */
export function renderFeature(
  feature: Feature,
  examples: FeatureExamples | null,
  manifest: Manifest,
  context: Context,
): Rendered {
  const title = `${feature.id}: ${feature.label.text} · ${manifest.title}`;
  const cited = citable(
    { kind: 'feature', layer: feature.layer, index: feature.index },
    feature.label.text,
    manifest,
    context,
  );
  const permalink = citedUrl(cited);
  const head = html`<title>${title}</title><meta name="description" content="${feature.sentence}"/>${
    context.origin !== '' && html`<link rel="canonical" href="${permalink}"/>`
  }<meta property="og:title" content="${title}"/><meta property="og:description" content="${feature.sentence}"/><link rel="alternate" type="application/json" href="/api/v1/r/${context.release}/features/${feature.id}"/>`;
  const problem = { id: feature.id, label: feature.label.text, permalink, hash: context.hash };
  const cite = html`${citeBox(cited)}${problemLink(context.problems ?? '', problem)}`;
  return { head: head.text, main: body(feature, examples, manifest, context, cite).text };
}

function body(
  feature: Feature,
  examples: FeatureExamples | null,
  manifest: Manifest,
  context: Context,
  cite: Html,
): Html {
  const options = { image: (hash: string) => imagePath(context.release, hash), max: feature.max_activation };
  const sections: [string, string, Part][] = [
    [
      'fires',
      'Where it fires',
      examples === null
        ? absentExamples(feature)
        : html`${exampleGroups(examples, options)}${promptPairs(examples, options)}`,
    ],
    ['evidence', 'What it encodes', spatialEvidence(feature)],
    ['modality', 'Pictures or words', modality(feature)],
    ['turned', 'How it turned', html`${trajectory(feature.stages)}${stageNotes(feature, manifest, context)}`],
    ['heads', 'Which heads feed it', headEdges(feature, context.release)],
    ['causal', 'What it causes', causalTests(feature)],
    ['tokens', 'What it says', promotedTokens(feature)],
    [
      'activity',
      'How often and how strongly',
      histogram(feature.histogram, {
        id: 'histogram',
        unit: 'activation',
        caption: html`Activation on held-out tokens where it fires, n ${count(feature.histogram.counts.reduce((a, b) => a + b, 0))} tokens; largest ${fixed(feature.max_activation)}.`,
      }),
    ],
    ['near', 'Its neighbours', neighbours(feature, context)],
    ['cite', 'Cite this page', cite],
    ['raw', 'Raw data', raws(feature, context)],
  ];
  return html`<article class="feature" data-feature="${feature.id}" data-release="${context.release}">${featureHeader(feature, manifest, context)}
<nav class="contents" aria-label="On this page"><ol>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ol></nav>
<div class="sections">${sections.map(([id, name, content]) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${content}</section>`)}</div></article>`;
}

const absentExamples = (feature: Feature): Html =>
  feature.flags.dead
    ? html`<p class="absent">This feature is dead: it never fired on the held-out tokens.</p>`
    : html`<p class="absent">This release holds no examples for this feature.</p>`;

function stageNotes(feature: Feature, manifest: Manifest, context: Context): Html {
  const of = feature.stages;
  const missing = ['D', 'M', 'F2', 'C'].filter((stage) => !manifest.stages.includes(stage));
  const threshold = context.summary?.thresholds.rotation;
  return html`<p>From S to F the row turned by ${angle(of.cos_s_f)} (cosine ${fixed(of.cos_s_f, 3)})${
    of.cos_s_c !== null && html`; in the text-only control by ${angle(of.cos_s_c)}`
  }${of.cos_s_f2 !== null && html`; with another seed by ${angle(of.cos_s_f2)}`}. ${
    threshold !== undefined && html`The release counts a cosine of at most ${fixed(threshold, 3)} as turned. `
  }${of.cos_d_f !== null && html`The model alone, after the data: cosine ${fixed(of.cos_d_f, 3)}. `}${
    of.cos_m_f !== null && html`The data alone, after the model: ${fixed(of.cos_m_f, 3)}. `
  }${of.cos_f_f2 !== null && html`The two seeds of F agree to ${fixed(of.cos_f_f2, 3)}. `}</p><p class="note">After a rotation common to all features is taken out: ${fixed(of.procrustes_s_f, 3)}. Encoder row: ${fixed(of.encoder_s_f, 3)}. Norm of the row, F over S: ${percent(of.norm_ratio_s_f)}.${
    missing.length > 0 && html` Stages not run in this release: ${missing.join(', ')}.`
  }</p>`;
}

function raws(feature: Feature, context: Context): Html {
  const api = `/api/v1/r/${context.release}/features/${feature.id}`;
  const frame = `<iframe src="${context.origin}/embed${featurePath(context.release, feature.id)}" width="100%" height="640" title="Feature ${feature.id}"></iframe>`;
  return html`<ul class="plain"><li><a href="${api}">The record as JSON</a> <span class="n">from the API, or from the release’s files where there is none</span></li><li><a href="${dataPath(context.release)}/manifest.json">Manifest of the release</a> <span class="n">files and their sha256</span></li><li><a href="${dataPath(context.release)}/features/L${String(feature.layer).padStart(2, '0')}.parquet">All features of layer ${feature.layer} as Parquet</a></li></ul><p>To show this feature in a page of your own:</p><pre data-copy tabindex="0" aria-label="Frame">${frame}</pre>`;
}
