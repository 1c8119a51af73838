import { type Html, html } from './html.ts';

/** What a reader says who found something wrong on a page: where, and on which bytes. */
export interface Problem {
  /** Feature or head. */
  readonly id: string;
  readonly label: string;
  readonly permalink: string;
  /** sha256 of the record; null where the page does not know it. */
  readonly hash: string | null;
}

/**
 * The address that problems go to, filled with one of them.
 * @param address `mailto:` or `https:`; `{title}` and `{body}` stand for the texts. Without them they are added as a query:
 *   `subject` and `body` of a letter, `title` and `body` of an issue tracker. Anything else, and '', is a letter without addressee.
 */
export function problemAddress(address: string, { id, label, permalink, hash }: Problem): string {
  const title = encodeURIComponent(`${id}: a problem on its page`);
  const lines = [`${id}, “${label}”`, permalink, ...(hash ? [`record sha256 ${hash}`] : []), '', 'What is wrong: '];
  const body = encodeURIComponent(lines.join('\r\n'));
  const known = /^(https:|mailto:)/i.test(address) ? address : 'mailto:';
  if (known.includes('{title}') || known.includes('{body}'))
    return known.replaceAll('{title}', title).replaceAll('{body}', body);
  const name = known.toLowerCase().startsWith('mailto:') ? 'subject' : 'title';
  return `${known}${known.includes('?') ? '&' : '?'}${name}=${title}&body=${body}`;
}

/** The link, with what it carries beside it for those who write another way. */
export const problemLink = (address: string, problem: Problem): Html =>
  html`<p class="note"><a data-problem href="${problemAddress(address, problem)}">Report a problem</a> with this page; the permalink${problem.hash && ' and the record’s hash'} come along.</p>`;
