import { type Rule, stop } from '../rule.ts';

const list = (names: string, why: string): Record<string, Rule> =>
  Object.fromEntries(names.split(' ').map((name) => [name, stop(why)]));

/** Operators whose results are integers or truth values, or that read nothing that varies continuously. */
export const STOP: Readonly<Record<string, Rule>> = {
  ...list('Equal Less LessOrEqual Greater GreaterOrEqual IsNaN IsInf And Or Xor Not', 'truth values'),
  ...list('Constant ConstantOfShape Range Shape Size OneHot', 'not a function of its inputs’ values'),
};
