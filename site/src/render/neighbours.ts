import type { Feature } from '#release/schema/index.ts';
import { type Context, featurePath } from './context.ts';
import { type Html, html } from './html.ts';
import { matchedFeatures } from './matched.ts';
import { fixed } from './number.ts';

/** Nearest decoder rows of the same layer, and features of other layers that fire alike. */
export function neighbours(feature: Feature, context: Pick<Context, 'release' | 'labels' | 'matched'>): Html {
  const { release, labels } = context;
  const list = (title: string, absent: string, items: readonly { id: string; value: number }[]) =>
    items.length === 0
      ? html`<div><h3 class="quiet">${title}</h3><p class="absent">${absent}</p></div>`
      : html`<div><h3 class="quiet">${title}</h3><ul class="plain">${items.map(
          (item) =>
            html`<li><a href="${featurePath(release, item.id)}">${item.id}</a> ${labels?.get(item.id)} <span class="n">${fixed(item.value)}</span> <a class="quiet-link" href="/compare/?a=${encodeURIComponent(`${release}/${feature.id}`)}&amp;b=${encodeURIComponent(`${release}/${item.id}`)}">compare<span class="visually-hidden"> with ${item.id}</span></a></li>`,
        )}</ul></div>`;
  return html`<div class="two">${list(
    'Points the same way (cosine of decoder rows)',
    'No neighbour was recorded in this release.',
    feature.neighbours.map((n) => ({ id: n.id, value: n.cosine })),
  )}${list(
    'Fires alike in other layers (correlation)',
    'Matches across layers were not computed in this release.',
    feature.matches.map((m) => ({ id: m.id, value: m.correlation })),
  )}</div>${matchedFeatures(feature, context)}`;
}

/** Ids that `neighbours` names. */
export const nearIds = (feature: Feature): string[] => [...feature.neighbours, ...feature.matches].map(({ id }) => id);
