/** Feature activations of tokens as compressed rows: token `t` fires `index[k]` by `value[k]`, `offsets[t] <= k < offsets[t+1]`. */
export interface SparseFeatures {
  /** `[tokens + 1]` */
  readonly offsets: ArrayLike<number>;
  readonly index: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/** Calls `visit(feature, value)` for every feature that token `t` fires. */
export function eachFeature(
  features: SparseFeatures,
  t: number,
  visit: (feature: number, value: number) => void,
): void {
  const { offsets, index, value } = features;
  for (let k = offsets[t]!; k < offsets[t + 1]!; k += 1) visit(index[k]!, value[k]!);
}
