import type { Controlled } from '#release/schema/index.ts';

export type Verdict = 'apart' | 'inside' | 'no-control' | 'no-interval';

/**
 * Where a value stands to its control. Where the release gives the difference of the two with its interval, that decides: `inside`
 * when the interval holds 0. Otherwise: when the value lies in the control's interval, or the control in its own; a control without
 * an interval decides nothing.
 */
export function verdict(claim: Controlled): Verdict {
  const { control } = claim;
  if (control === null) return 'no-control';
  const differs = claim.difference && spans(claim.difference.low, claim.difference.high, 0);
  if (typeof differs === 'boolean') return differs ? 'inside' : 'apart';
  const controlSpan = spans(control.low, control.high, claim.value);
  const ownSpan = spans(claim.low, claim.high, control.value);
  if (controlSpan === null && ownSpan === null) return 'no-interval';
  return controlSpan === true || ownSpan === true ? 'inside' : 'apart';
}

function spans(low: number | null, high: number | null, value: number): boolean | null {
  return low === null || high === null ? null : low <= value && value <= high;
}

export const VERDICT_TEXT: Record<Verdict, string> = {
  apart: '',
  inside: 'not distinguishable from the control',
  'no-control': '',
  'no-interval': 'no interval to compare by',
};
