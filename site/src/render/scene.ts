import type { Example, Feature, FeatureExamples } from '#release/schema/index.ts';
import { imagePath } from './context.ts';
import { exampleFigure } from './example.ts';
import { type Html, html } from './html.ts';

/** One picture and its questions: choosing a question shows where the feature fires under it. Works without scripts. */
export function scene(feature: Feature, examples: FeatureExamples, frames: readonly Example[], release: string): Html {
  const options = { image: (hash: string) => imagePath(release, hash), max: Math.max(...frames.map((f) => f.max)) };
  const shown = frames.flatMap((frame) => {
    const sample = examples.samples[frame.sample];
    return sample === undefined ? [] : [{ frame, sample }];
  });
  return html`<div class="scene" data-scene><fieldset class="scene-questions"><legend>${feature.id}, the same picture, ${shown.length} questions</legend>${shown.map(
    ({ sample }, i) =>
      html`<label><input type="radio" name="scene" id="scene-${i}"${i === 0 && html` checked`}/> ${sample.prompt}</label>`,
  )}</fieldset><div class="scene-frames">${shown.map(({ frame, sample }) => exampleFigure(frame, sample, options))}</div></div>`;
}
