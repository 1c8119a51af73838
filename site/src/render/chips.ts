import type { Sparse } from '#release/schema/index.ts';
import { dense, level } from './heatmap.ts';
import { type Html, html } from './html.ts';
import { significant } from './number.ts';

/** Longer texts are cut to this many words before and after the strongest one. */
const BEFORE = 26;
const AFTER = 12;
const WHOLE = 48;

/** The words of a sample, each on a ground as strong as the feature fires there; the number of a firing word is in its title. */
export function chips(tokens: readonly string[], activation: Sparse, max: number): Html {
  const values = dense(activation, tokens.length);
  const { from, to } = excerpt(tokens, values);
  const shown = tokens.slice(from, to).map((token, i) => chip(token, values[from + i] as number, max));
  return html`<span class="chips">${from > firstWord(tokens, values) && '… '}${shown}${to < tokens.length && ' …'}</span>`;
}

function chip(token: string, value: number, max: number): Html {
  const step = level(value, max);
  return step === 0
    ? html`<span class="tok">${visible(token)}</span>`
    : html`<span class="tok h${step}" title="${significant(value)}">${visible(token)}</span>`;
}

/** Line breaks that open a text say nothing, unless the feature fires on them. */
function firstWord(tokens: readonly string[], values: readonly number[]): number {
  const first = tokens.findIndex((token, i) => token.trim() !== '' || (values[i] as number) > 0);
  return Math.max(0, first);
}

function excerpt(tokens: readonly string[], values: readonly number[]): { from: number; to: number } {
  const first = firstWord(tokens, values);
  if (tokens.length - first <= WHOLE) return { from: first, to: tokens.length };
  const peak = values.indexOf(Math.max(...values));
  return { from: Math.max(first, peak - BEFORE), to: Math.min(tokens.length, Math.max(peak + AFTER, first + BEFORE)) };
}

/** Line breaks are shown as a sign, and break the line; SentencePiece's mark is the space it stands for. */
function visible(token: string): Html {
  const lines = token.replaceAll('▁', ' ').split('\n');
  return html`${lines.map((part, i) => (i === 0 ? part : html`<span class="nl">↵</span><br/>${part}`))}`;
}
