import type { ActivationRule } from './rule.ts';

/** `max(z, 0)` */
export const relu: ActivationRule = {
  needs: [],
  select(z, _sae, out) {
    for (let i = 0; i < z.length; i += 1) if (z[i]! > 0) out.push(i, z[i]!);
  },
};
