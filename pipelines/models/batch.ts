import type { Encoded } from './types.ts';

/** Indices in batches of like length, so that little padding is computed. Stable. */
export function byLength(encoded: readonly Encoded[], size: number): number[][] {
  const order = encoded.map((_, i) => i).sort((a, b) => encoded[a]!.ids.length - encoded[b]!.ids.length || a - b);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
}
