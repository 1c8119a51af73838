import type { Feature } from '#release/schema/index.ts';
import { fixedAxis } from './axis.ts';
import { dataTable } from './figure.ts';
import { type Html, html } from './html.ts';
import { intervalPlot } from './interval.ts';
import { percent, significant } from './number.ts';
import { term } from './term.ts';

/** Pictures against words: preference with its interval, energies, and where the feature is active. */
export function modality(feature: Feature): Html {
  const { preference, energy, frequency, latent_scaling: scaling, monosemanticity } = feature;
  return html`${intervalPlot({
    caption: html`${term('vision preference', 'Vision preference')}: 0.5 means none.`,
    axis: 'words ← energy share → pictures',
    rows: [
      {
        label: 'preference',
        claim: { ...preference, control: null },
        tone: preference.value >= 0.5 ? 'vision' : 'language',
      },
    ],
    reference: 0.5,
    domain: fixedAxis([0, 0.25, 0.5, 0.75, 1], 2),
  })}<div class="scroll">${dataTable(
    ['', 'picture tokens', 'words after a picture', 'words alone'],
    [
      ['active on', percent(frequency.image, 1), percent(frequency.text, 1), percent(frequency.base_text, 1)],
      [
        'mean squared activation',
        significant(energy.image_tokens),
        significant(energy.text_tokens),
        significant(energy.text),
      ],
    ],
  )}</div><p class="note">Dominance score ${significant(feature.dominance)}, class “${feature.class}”. ${
    scaling === null
      ? 'Latent scaling was not run in this release.'
      : html`Latent scaling: ${significant(scaling.tuned)} on the tuned model’s stream, ${significant(scaling.base)} on the base model’s (on what the dictionaries leave unexplained: ${significant(scaling.tuned_error)} and ${significant(scaling.base_error)}).`
  }${monosemanticity !== undefined && html` The pictures that it fires on are alike to ${significant(monosemanticity)} (monosemanticity; 1 is the same picture).`}</p>`;
}
