import type { HeadRecord, HeadsFile, Manifest } from '#release/schema/index.ts';
import { releasePath } from './context.ts';
import { level } from './heatmap.ts';
import { type Html, html } from './html.ts';
import { percent } from './number.ts';

/** Layer by head; the ground of a cell is as strong as the head's share of the effect on spatial features. */
export function headGrid(file: HeadsFile, manifest: Manifest, release: string, here?: string): Html {
  const layers = [...new Set(file.heads.map((head) => head.layer))].sort((a, b) => a - b);
  const heads = [...new Set(file.heads.map((head) => head.head))].sort((a, b) => a - b);
  if (layers.length === 0) return html`<p class="absent">No head was traced in this release.</p>`;
  const at = new Map(file.heads.map((head) => [head.id as string, head]));
  const max = Math.max(...file.heads.map((head) => Math.abs(head.spatial_effect.value)));
  return html`<div class="scroll"><table class="grid-table"><caption>Share of the effect on spatial features, in percent; the stronger the colour, the more (${manifest.layers.length} layers traced, n ${file.heads[0]?.spatial_effect.n ?? 0}).</caption><thead><tr><td></td>${heads.map((h) => html`<th scope="col"><span class="visually-hidden">head </span>${h}</th>`)}</tr></thead><tbody>${layers.map(
    (layer) =>
      html`<tr><th scope="row">L${layer}</th>${heads.map((h) => cell(at.get(`H${layer}.${h}`), max, release, here))}</tr>`,
  )}</tbody></table></div>`;
}

function cell(head: HeadRecord | undefined, max: number, release: string, here: string | undefined): Html {
  if (head === undefined) return html`<td></td>`;
  const { value } = head.spatial_effect;
  const step = level(Math.abs(value), max);
  return html`<td class="${value < 0 ? 'down ' : ''}h${step}"><a href="${releasePath(release)}${head.id}/"${head.id === here && html` aria-current="page"`}><span class="visually-hidden">${head.id}: </span>${percent(value, 0).replace(/\D*%/, '')}</a></td>`;
}
