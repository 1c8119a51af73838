import type { HeadRecord } from '#release/schema/index.ts';
import { imagePath } from './context.ts';
import { heatmap } from './heatmap.ts';
import { type Html, html } from './html.ts';
import { percent } from './number.ts';

/** Attention over the patches of pictures, mean over the words after them. */
export function attentionViews(head: HeadRecord, release: string): Html {
  if (head.attention.length === 0)
    return html`<p class="absent">Attention patterns of this head were not kept in this release.</p>`;
  const max = Math.max(...head.attention.flatMap((view) => view.weights));
  return html`<div class="examples">${head.attention.map((view) => {
    const onPicture = view.weights.reduce((a, b) => a + b, 0);
    const sample = {
      id: view.image,
      image: view.image,
      grid: view.grid,
      tokens: [],
      family: '',
      prompt: view.prompt,
      answer: null,
      alt: null,
    };
    const sparse = { index: view.weights.map((_, i) => i), value: [...view.weights] };
    return html`<figure class="example">${heatmap(sample, sparse, max, imagePath(release, view.image))}<figcaption><span class="chips">${view.prompt}</span><span class="example-meta">${percent(onPicture)} of its attention is on the picture</span></figcaption></figure>`;
  })}</div>`;
}
