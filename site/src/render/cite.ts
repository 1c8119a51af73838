import { CITE_FORMATS, type Citable, citedUrl } from '#release/cite.ts';
import type { Target } from '#release/permalink.ts';
import type { Manifest } from '#release/schema/index.ts';
import type { Context } from './context.ts';
import { type Html, html } from './html.ts';

/** What a page of a release is cited as. */
export const citable = (target: Target, title: string, manifest: Manifest, context: Context): Citable => ({
  releaseId: context.release,
  target,
  title,
  hash: context.hash,
  manifest,
  origin: context.origin,
});

/** How to quote a page: each form selectable, one click to copy where scripts run. */
export function citeBox(of: Citable): Html {
  return html`<div class="cite"><p class="cite-link"><span class="label">Permalink</span> <code data-copy>${citedUrl(of)}</code></p>${
    of.hash !== null &&
    html`<p class="cite-link"><span class="label">Record sha256</span> <code data-copy>${of.hash}</code></p>`
  }<p class="note">Release of ${of.manifest.date}. Nothing under this address ever changes.</p>${Object.values(
    CITE_FORMATS,
  ).map(
    (format, i) =>
      html`<details${i === 0 && html` open`}><summary>${format.title}</summary><pre data-copy tabindex="0" aria-label="${format.title}">${format.render(of)}</pre></details>`,
  )}</div>`;
}
