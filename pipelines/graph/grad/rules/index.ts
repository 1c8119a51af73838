import type { Rule } from '../rule.ts';
import { ACTIVATION } from './activation.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { GATHER } from './gather.ts';
import { LAYOUT } from './layout.ts';
import { LINEAR } from './linear.ts';
import { NORMALISATION } from './normalisation.ts';
import { REDUCE } from './reduce.ts';
import { ROTARY } from './rotary.ts';
import { SOFTMAX } from './softmax.ts';
import { STOP } from './stop.ts';

/** The vector-Jacobian rule of every operator, or why it has none. */
export const RULES: Readonly<Record<string, Rule>> = {
  ...ELEMENTWISE,
  ...ACTIVATION,
  ...LINEAR,
  ...REDUCE,
  ...SOFTMAX,
  ...NORMALISATION,
  ...LAYOUT,
  ...GATHER,
  ...ROTARY,
  ...STOP,
};
