import type { HeadRecord } from '#release/schema/index.ts';
import { FDR } from './significance.ts';

const percent = (x: number) => `${Math.round(100 * x)} %`;

/** One sentence that is true of a head, made by rule from its evidence. */
export function headSentence(head: Omit<HeadRecord, 'sentence'>): string {
  const parts = [feeds(head), looks(head), ablated(head)].filter((p) => p !== null);
  return parts.length === 0 ? 'No evidence in this release.' : `${parts.join('; ')}.`;
}

/** With q over all heads that decides; without it, whether the control lies in the value's interval. */
function beside({ spatial_effect: effect, random_effect: control, q }: Omit<HeadRecord, 'sentence'>): string {
  if (q !== undefined) return q <= FDR ? ` (more, q = ${q.toPrecision(1)})` : ` (no more, q = ${q.toFixed(2)})`;
  const inside = control !== null && effect.low !== null && effect.low <= control.value;
  return inside ? ' (not distinguishable from the control)' : '';
}

function feeds(head: Omit<HeadRecord, 'sentence'>): string | null {
  const { spatial_effect: effect, random_effect: control, rank } = head;
  if (effect.n === 0) return 'No spatial feature was traced to heads';
  const share = `Carries ${percent(effect.value)} of the input of the spatial features on average (rank ${rank}, n = ${effect.n} samples)`;
  if (!control) return share;
  return `${share}, ${percent(control.value)} of that of random features${beside(head)}`;
}

function looks({ image_mass: mass }: Omit<HeadRecord, 'sentence'>): string | null {
  if (!mass) return null;
  return `its attention on the picture is ${percent(mass.tuned.value)}${mass.base ? `, ${percent(mass.base.value)} in the base` : ''}`;
}

function ablated({ ablation }: Omit<HeadRecord, 'sentence'>): string | null {
  const of = (task: 'spatial' | 'control') => ablation.find((a) => a.task === task && a.measure === 'log_odds')?.effect;
  const [spatial, control] = [of('spatial'), of('control')];
  if (!spatial || !control) return null;
  const signed = (x: number) => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(2)}`;
  return `held at its mean, the log-odds of the right answer change by ${signed(spatial.value)} on spatial questions and ${signed(control.value)} on others (n = ${spatial.n})`;
}
