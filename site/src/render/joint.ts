import type { HeadsFile } from '#release/schema/index.ts';
import { questionsOf } from './family.ts';
import { type Html, html } from './html.ts';
import { intervalPlot } from './interval.ts';
import { fixed } from './number.ts';
import { term } from './term.ts';

const MEASURES = [
  ['log_odds', html`Change of the ${term('log-odds')} of the right answer`, 'change of the log-odds (nats)'],
  ['accuracy', html`Change of the accuracy`, 'change of the accuracy'],
] as const;

/** What happens to the answers when the verified top heads are taken away together, against as many random heads. */
export function jointAblation(file: HeadsFile): Html {
  if (file.joint_ablation.length === 0)
    return html`<p class="absent">Taking the top heads away together was not run in this release.</p>`;
  const heads = file.joint_ablation[0]?.heads.join(', ');
  return html`<p>Heads ${heads}, replaced by their mean at once.</p>${MEASURES.map(([measure, caption, axis]) => {
    const rows = file.joint_ablation.filter((row) => row.measure === measure);
    return (
      rows.length > 0 &&
      intervalPlot({
        caption: html`${caption}; grey: as many random heads.`,
        axis,
        rows: rows.map((row) => ({
          label: html`${questionsOf(row.task)} <span class="n">from ${fixed(row.intact.value)} to ${fixed(row.ablated.value)}</span>`,
          claim: row.effect,
        })),
        reference: 0,
      })
    );
  })}`;
}
