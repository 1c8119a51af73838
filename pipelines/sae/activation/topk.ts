import type { ActivationRule } from './rule.ts';

/**
 * Features of the `k` largest entries, ascending; of equal entries the earlier one wins. Each entry costs one comparison, and an
 * insertion only while it belongs to the best so far.
 */
export function largest(z: Float32Array, k: number): Uint32Array {
  const size = Math.min(k, z.length);
  const index = new Uint32Array(size);
  const value = new Float32Array(size);
  let held = 0;
  for (let i = 0; i < z.length; i += 1) {
    const v = z[i]!;
    if (held === size && v <= value[size - 1]!) continue;
    let at = held < size ? held : size - 1;
    for (; at > 0 && value[at - 1]! < v; at -= 1) {
      value[at] = value[at - 1]!;
      index[at] = index[at - 1]!;
    }
    value[at] = v;
    index[at] = i;
    if (held < size) held += 1;
  }
  return index.sort();
}

/** The `k` largest of a row, then ReLU (Gao et al. 2024). */
export const topk: ActivationRule = {
  needs: ['k'],
  select(z, sae, out) {
    for (const i of largest(z, sae.k!)) if (z[i]! > 0) out.push(i, z[i]!);
  },
};
