import type { ActivationRule } from './rule.ts';

/** `max(z, 0)` where `z > threshold`, strictly (Rajamanoharan et al. 2024). One threshold for all, or one a feature. */
export const jumprelu: ActivationRule = {
  needs: ['threshold'],
  select(z, sae, out) {
    const threshold = sae.threshold!;
    const shared = threshold.length === 1;
    for (let i = 0; i < z.length; i += 1) if (z[i]! > 0 && z[i]! > threshold[shared ? 0 : i]!) out.push(i, z[i]!);
  },
};
