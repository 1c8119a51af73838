import type { Feature, TokenWeight } from '#release/schema/index.ts';
import { type Html, html } from './html.ts';
import { signed } from './number.ts';

/** Tokens that the feature's direction makes likelier, and those it makes less likely, through the final norm and unembedding. */
export function promotedTokens(feature: Feature): Html {
  if (feature.promoted.length + feature.suppressed.length === 0)
    return html`<p class="absent">The direct effect on the vocabulary was not computed in this release.</p>`;
  const strongest = Math.max(...[...feature.promoted, ...feature.suppressed].map((t) => Math.abs(t.weight)), 1e-12);
  return html`<div class="two">${list('Promoted', feature.promoted, strongest, 'up')}${list('Suppressed', feature.suppressed, strongest, 'down')}</div>`;
}

function list(title: string, tokens: readonly TokenWeight[], strongest: number, direction: 'up' | 'down'): Html {
  return html`<table class="weights ${direction}"><caption>${title} <span class="n">change of the logit for a unit of the feature</span></caption><thead class="visually-hidden"><tr><th scope="col">token</th><th scope="col">strength</th><th scope="col">weight</th></tr></thead><tbody>${tokens.map(
    (t) =>
      html`<tr><th scope="row"><code class="tok">${shown(t.token)}</code></th><td><svg width="100%" height="10" aria-hidden="true"><rect width="${((100 * Math.abs(t.weight)) / strongest).toFixed(1)}%" height="10"/></svg></td><td>${signed(t.weight, 3)}</td></tr>`,
  )}</tbody></table>`;
}

/** White space and control characters of a token made visible. */
const shown = (token: string): string =>
  token
    .replaceAll('\n', '↵')
    .replaceAll('▁', ' ')
    .replaceAll(' ', '·')
    .replace(/\p{Cc}/gu, (c) => `<0x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}>`) || '(empty)';
