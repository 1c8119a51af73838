import { ParallaxError } from '#pipelines/config/errors.ts';
import type { ActivationKind, Sae } from '../types.ts';
import { batchtopk } from './batchtopk.ts';
import { gated } from './gated.ts';
import { jumprelu } from './jumprelu.ts';
import { relu } from './relu.ts';
import type { ActivationRule } from './rule.ts';
import { topk } from './topk.ts';

export type { ActivationRule, EntrySink } from './rule.ts';

export const ACTIVATIONS: Readonly<Record<ActivationKind, ActivationRule>> = {
  relu,
  topk,
  batchtopk,
  jumprelu,
  gated,
};

/** The rule of a dictionary; throws where the dictionary lacks what the rule needs. */
export function ruleOf(sae: Sae): ActivationRule {
  const rule = ACTIVATIONS[sae.activation];
  for (const field of rule.needs)
    if (sae[field] === undefined)
      throw new ParallaxError(
        `dictionary: activation ${sae.activation} needs ${field}, which is missing`,
        'load a dictionary that has been trained to its end',
      );
  return rule;
}
