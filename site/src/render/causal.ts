import type { CausalTest, Feature } from '#release/schema/index.ts';
import { questionsOf } from './family.ts';
import { type Html, html } from './html.ts';
import { intervalPlot } from './interval.ts';
import { significant } from './number.ts';
import { term } from './term.ts';

const MEASURES = {
  log_odds: { axis: 'change of the log-odds of the right answer (nats)', name: term('log-odds') },
  accuracy: { axis: 'change of the accuracy', name: html`accuracy` },
} as const;

/** What happens to the answers when the feature is taken out or pushed, against random directions of equal norm. */
export function causalTests(feature: Feature): Html {
  if (feature.causal.length === 0)
    return html`<p class="absent">Causal tests on this feature were not run in this release.</p>`;
  return html`${(['log_odds', 'accuracy'] as const).map((measure) => {
    const rows = feature.causal.filter((test) => test.measure === measure);
    return (
      rows.length > 0 &&
      intervalPlot({
        caption: html`Change of the ${MEASURES[measure].name} when the feature is changed; grey: a random direction of the same norm.`,
        axis: MEASURES[measure].axis,
        rows: rows.map((test) => ({ label: name(test), claim: test.effect })),
        reference: 0,
      })
    );
  })}`;
}

const name = (test: CausalTest): Html =>
  html`${test.test}${test.test !== 'ablate' && html` × ${significant(test.dose, 2)}`} <span class="n">${questionsOf(test.task)}</span>`;
