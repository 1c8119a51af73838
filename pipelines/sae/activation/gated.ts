import type { ActivationRule } from './rule.ts';

/** `[z > 0] max(0, scale z + bias)`: the gate and the magnitude share their encoder up to a scale (Rajamanoharan et al. 2024). */
export const gated: ActivationRule = {
  needs: ['gate'],
  select(z, sae, out) {
    const { scale, bias } = sae.gate!;
    for (let i = 0; i < z.length; i += 1) {
      if (!(z[i]! > 0)) continue;
      const f = scale[i]! * z[i]! + bias[i]!;
      if (f > 0) out.push(i, f);
    }
  },
};
