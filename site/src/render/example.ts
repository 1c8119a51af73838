import type { Example, FeatureExamples, SampleRecord } from '#release/schema/index.ts';
import { chips } from './chips.ts';
import { heatmap } from './heatmap.ts';
import { type Html, html } from './html.ts';
import { significant } from './number.ts';

/** `top` first, then the bins from strong to weak. */
const intervalOrder = (name: string): number =>
  name === 'top' ? Number.POSITIVE_INFINITY : Number(name.replace(/\D/g, '')) || 0;

const INTERVAL_TEXT = (name: string): string =>
  name === 'top'
    ? 'Strongest'
    : name === 'q0'
      ? 'Weakest firing'
      : `Around the ${name.replace(/\D/g, '')}th percentile of firing`;

export interface ExampleOptions {
  /** Address of a picture by its hash. */
  readonly image: (hash: string) => string;
  /** The feature's largest activation, the strongest step of every scale on the page. */
  readonly max: number;
}

/** One sample: picture with patch activations, and its words with theirs. */
export function exampleFigure(example: Example, sample: SampleRecord, options: ExampleOptions): Html {
  return html`<figure class="example">${
    sample.image !== null && heatmap(sample, example.image, options.max, options.image(sample.image))
  }<figcaption>${chips(sample.tokens, example.text, options.max)}<span class="example-meta"><span class="tag">${sample.family}</span> <span>max ${significant(example.max)}</span></span></figcaption></figure>`;
}

/** How patches are shown; works without scripts. */
const heatModes = html`<fieldset class="heat-modes"><legend>Show activation on pictures as&nbsp;</legend><label><input type="radio" name="heat" id="heat-colour" checked/> colour</label><label><input type="radio" name="heat" id="heat-discs"/> discs</label><label><input type="radio" name="heat" id="heat-picture"/> nothing</label></fieldset>`;

/** All examples of a feature: the top ones open, the other intervals folded. */
export function exampleGroups(of: FeatureExamples, options: ExampleOptions): Html {
  const names = [...new Set(of.examples.map((e) => e.interval))].sort((a, b) => intervalOrder(b) - intervalOrder(a));
  if (names.length === 0)
    return html`<p class="absent">No example: the feature never fired on the held-out samples of this release.</p>`;
  const pictured = of.samples.some((sample) => sample.image !== null);
  return html`${pictured && heatModes}${names.map((name, i) => {
    const shown = of.examples.filter((e) => e.interval === name);
    const grid = html`<div class="examples">${shown.map((e) => withSample(e, of, options))}</div>`;
    return i === 0
      ? html`<h3 class="quiet">${INTERVAL_TEXT(name)}</h3>${grid}`
      : html`<details class="more"><summary>${INTERVAL_TEXT(name)} <span class="n">(${shown.length})</span></summary>${grid}</details>`;
  })}`;
}

/** The same picture under a spatial prompt and its match, side by side. */
export function promptPairs(of: FeatureExamples, options: ExampleOptions): Html | false {
  if (of.pairs.length === 0) return false;
  return html`<h3 class="quiet">The same picture, two questions</h3><div class="pairs">${of.pairs.map(
    (pair) =>
      html`<div class="pair">${withSample(pair.spatial, of, options)}${withSample(pair.matched, of, options)}</div>`,
  )}</div>`;
}

function withSample(example: Example, of: FeatureExamples, options: ExampleOptions): Html | false {
  const sample = of.samples[example.sample];
  return sample !== undefined && exampleFigure(example, sample, options);
}
