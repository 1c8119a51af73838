import { parseFeatureId } from '#release/ids.ts';
import type { Feature } from '#release/schema/index.ts';
import { type Context, featurePath } from './context.ts';
import { type Html, html } from './html.ts';
import { angle, fixed, interval, percent } from './number.ts';

/** Layers shown at most: those whose match fires most alike. */
const LAYERS = 8;

const layerOf = (id: string): number => parseFeatureId(id)?.layer ?? -1;

/** The feature of each other layer that fires most alike, by layer. */
export function bestMatches({ matches }: Pick<Feature, 'matches'>): Feature['matches'] {
  const best = new Map<number, Feature['matches'][number]>();
  for (const match of matches) {
    const before = best.get(layerOf(match.id));
    if (!before || match.correlation > before.correlation) best.set(layerOf(match.id), match);
  }
  return [...best.values()]
    .sort((a, b) => b.correlation - a.correlation)
    .slice(0, LAYERS)
    .sort((a, b) => layerOf(a.id) - layerOf(b.id));
}

const spatial = ({ spatial: of }: Feature): string =>
  of ? `${fixed(of.heldout.risk_difference.value)} ${interval(of.heldout.risk_difference)}` : 'not run';

/** The feature between the ones of other layers that fire most like it: what each does. Nothing where none is at hand. */
export function matchedFeatures(
  feature: Feature,
  { release, matched }: Pick<Context, 'release' | 'matched'>,
): Html | false {
  const others = bestMatches(feature).flatMap(({ id, correlation }) => {
    const record = matched?.get(id);
    return record ? [{ record, correlation: fixed(correlation) }] : [];
  });
  if (others.length === 0) return false;
  const rows = [...others, { record: feature, correlation: 'this one' }].sort(
    (a, b) => a.record.layer - b.record.layer || Number(a.record.id > b.record.id),
  );
  return html`<h3 class="quiet">What fires alike in other layers does</h3><section class="scroll" tabindex="0" aria-label="Matched features, scrollable"><table class="data"><caption>The feature of each layer that fires most like this one.</caption><thead><tr><th scope="col">feature</th><th scope="col">label</th><th scope="col">correlation</th><th scope="col">class</th><th scope="col">active on picture, words after it, words alone</th><th scope="col">turned</th><th scope="col">control</th><th scope="col">spatial risk difference, held out</th></tr></thead><tbody>${rows.map(
    ({ record, correlation }) =>
      html`<tr${record.id === feature.id && html` class="here"`}><th scope="row"><a href="${featurePath(release, record.id)}">${record.id}</a></th><td class="label-cell">${record.label.text}</td><td>${correlation}</td><td>${record.class}</td><td>${percent(record.frequency.image, 1)}, ${percent(record.frequency.text, 1)}, ${percent(record.frequency.base_text, 1)}</td><td>${angle(record.stages.cos_s_f)}</td><td class="iv-control">${record.stages.cos_s_c === null ? 'not run' : angle(record.stages.cos_s_c)}</td><td>${spatial(record)}</td></tr>`,
  )}</tbody></table></section>`;
}
