import type { LiveFeature, LiveIndex, LiveNames, LiveResult } from '#release/probe/live.ts';
import { chips } from '../../render/chips.ts';
import { level } from '../../render/heatmap.ts';
import { html } from '../../render/html.ts';
import { byId, make } from './dom.ts';
import type { Rank } from './state.ts';

/** Features listed at most. */
const LISTED = 12;

type Span = LiveResult['image'];

/** Where a feature's strength is looked for, for each order of the list. */
const STRENGTH: Readonly<Record<Rank, (feature: LiveFeature, image: Span) => number>> = {
  anywhere: ({ max }) => max,
  picture: ({ values }, { from, to }) => Math.max(...values.subarray(from, to)),
  words: ({ values }, { to }) => Math.max(0, ...values.subarray(to)),
  spatial: ({ max }) => max,
};

/** The strongest features of the layer by one order. */
export function ranked(
  result: LiveResult,
  rank: Rank,
  { spatial }: LiveNames,
): { feature: LiveFeature; strength: number }[] {
  return result.features
    .filter(({ index }) => rank !== 'spatial' || spatial.includes(index))
    .map((feature) => ({ feature, strength: STRENGTH[rank](feature, result.image) }))
    .filter(({ strength }) => strength > 0)
    .sort((a, b) => b.strength - a.strength || a.feature.index - b.feature.index)
    .slice(0, LISTED);
}

export interface FeatureView {
  show(result: LiveResult, layer: number, names: LiveNames, chosen: number | null, rank: Rank): void;
}

/** The list of features that fire, and the one chosen over the picture and the words. */
export function openFeatures(index: LiveIndex, choose: (feature: number) => void): FeatureView {
  const list = byId('feature-list');

  function row(feature: LiveFeature, strength: number, top: number, layer: number, names: LiveNames, on: boolean) {
    const id = `L${layer}F${feature.index}`;
    const pick = make('button', { type: 'button', className: 'pick', ariaPressed: String(on) });
    pick.dataset['feature'] = String(feature.index);
    pick.dataset['strength'] = String(strength);
    const meter = make('span', { className: 'meter', ariaHidden: 'true' });
    meter.style.width = `${(100 * strength) / top}%`;
    pick.append(
      make(
        'span',
        { className: 'pick-label', textContent: `${names.labels[feature.index] ?? id} ` },
        ...(names.spatial.includes(feature.index) ? [make('span', { className: 'tag', textContent: 'spatial' })] : []),
      ),
      make('span', { className: 'pick-value', textContent: strength.toFixed(2) }),
      meter,
    );
    pick.addEventListener('click', () => choose(feature.index));
    return make('li', {}, pick, make('a', { href: `/r/${index.release}/${id}/`, textContent: id }));
  }

  return {
    show(result, layer, names, chosen, rank) {
      const best = ranked(result, rank, names);
      const shown = chosen ?? best[0]?.feature.index ?? null;
      const focus = (document.activeElement as HTMLElement | null)?.dataset['feature'];
      const top = best[0]?.strength ?? 1;
      list.replaceChildren(
        ...best.map(({ feature, strength }) => row(feature, strength, top, layer, names, feature.index === shown)),
      );
      if (focus) list.querySelector<HTMLElement>(`[data-feature="${focus}"]`)?.focus();
      const feature = result.features.find((f) => f.index === shown);
      overlay(index, result, feature);
      byId('feature-chosen').textContent =
        shown === null
          ? `No ${rank === 'spatial' ? 'spatial ' : ''}feature of this layer fires here.`
          : `${names.labels[shown] ?? ''} (L${layer}F${shown})${feature ? `, at most ${feature.max.toFixed(2)}` : ' does not fire here'}`;
    },
  };
}

/** Draws a feature over the patches and the words. */
function overlay(
  { picture: { rows, columns } }: LiveIndex,
  { tokens, image }: LiveResult,
  feature?: LiveFeature,
): void {
  const max = feature?.max ?? 0;
  const value = (t: number): number => feature?.values[t] ?? 0;
  const cells = Array.from({ length: rows * columns }, (_, patch) => {
    const step = level(value(image.from + patch), max);
    if (step === 0) return '';
    const [x, y] = [patch % columns, Math.floor(patch / columns)];
    const text = value(image.from + patch).toFixed(2);
    return html`<rect class="h${step}" x="${x}" y="${y}" width="1" height="1"><title>${text}</title></rect>`;
  });
  byId('scene-heat').innerHTML =
    html`<svg viewBox="0 0 ${columns} ${rows}" preserveAspectRatio="none">${cells}</svg>`.text;
  const words = tokens.slice(image.to);
  const values = words.map((_, i) => value(image.to + i));
  byId('feature-words').innerHTML = chips(words, { index: values.map((_, i) => i), value: values }, max).text;
}
