import type { Sparse } from '#release/schema/index.ts';
import { dense, level } from './heatmap.ts';
import { type Html, html } from './html.ts';
import { significant } from './number.ts';

/** The words of a sample, each on a ground as strong as the feature fires there; the number of a firing word is in its title. */
export function chips(tokens: readonly string[], activation: Sparse, max: number): Html {
  const values = dense(activation, tokens.length);
  return html`<span class="chips">${tokens.map((token, i) => {
    const value = values[i] as number;
    const step = level(value, max);
    const text = visible(token);
    return step === 0
      ? html`<span class="tok" data-t="${token.trim()}">${text}</span>`
      : html`<span class="tok h${step}" data-t="${token.trim()}" title="${significant(value)}">${text}</span>`;
  })}</span>`;
}

/** Line breaks are shown as a sign, and break the line; SentencePiece's mark is the space it stands for. */
function visible(token: string): Html {
  const lines = token.replaceAll('▁', ' ').split('\n');
  return html`${lines.map((part, i) => (i === 0 ? part : html`<span class="nl">↵</span><br/>${part}`))}`;
}
