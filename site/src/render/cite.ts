import { type Html, html } from './html.ts';

export interface CiteBox {
  /** Address that stays. */
  readonly permalink: string;
  readonly hash: string | null;
  readonly date: string;
  /** Format name -> text, in the order shown. */
  readonly citations: Readonly<Record<string, string>>;
}

/** How to quote this page: each format selectable, one click to copy where scripts run. */
export function citeBox(box: CiteBox): Html {
  const formats = Object.entries(box.citations);
  return html`<div class="cite"><p class="cite-link"><span class="label">Permalink</span> <code data-copy>${box.permalink}</code></p>${
    box.hash !== null &&
    html`<p class="cite-link"><span class="label">Record sha256</span> <code data-copy>${box.hash}</code></p>`
  }<p class="note">Release of ${box.date}. Nothing under this address ever changes.</p>${formats.map(
    ([name, text], i) =>
      html`<details${i === 0 && html` open`}><summary>${name}</summary><pre data-copy tabindex="0">${text}</pre></details>`,
  )}</div>`;
}
