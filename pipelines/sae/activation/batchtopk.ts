import { jumprelu } from './jumprelu.ts';
import type { ActivationRule } from './rule.ts';

/**
 * Trained with the `floor(k T)` largest entries of a batch (Bussmann et al. 2024); used one token at a time with the threshold
 * that training has estimated.
 */
export const batchtopk: ActivationRule = { needs: ['k', 'threshold'], select: jumprelu.select };
