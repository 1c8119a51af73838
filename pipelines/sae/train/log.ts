import type { StepOutcome } from './engine.ts';

/** Parallel columns, one entry a logged step; `dead` is a share of the features. */
export interface LogColumns {
  readonly step: number[];
  readonly loss: number[];
  readonly fvu: number[];
  readonly l0: number[];
  readonly dead: number[];
}

export const emptyLog = (): LogColumns => ({ step: [], loss: [], fvu: [], l0: [], dead: [] });

/** Logged: the first and the last step, and every `every`-th. */
export const isLogged = (step: number, total: number, every: number): boolean =>
  step === 1 || step === total || step % every === 0;

/** Numbers are rounded to seven digits, those of a float32. */
const digits = (value: number): number => Number(value.toPrecision(7));

export function addRow(log: LogColumns, step: number, { loss, fvu, l0 }: StepOutcome, dead: number): void {
  log.step.push(step);
  log.loss.push(digits(loss));
  log.fvu.push(digits(fvu));
  log.l0.push(digits(l0));
  log.dead.push(digits(dead));
}
