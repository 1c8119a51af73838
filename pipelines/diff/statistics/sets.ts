/** Jaccard index of two lists of ids, taken as sets; 1 where both are empty. */
export function jaccard(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const first = new Set(Array.from(a));
  const second = new Set(Array.from(b));
  let shared = 0;
  for (const id of first) if (second.has(id)) shared += 1;
  const union = first.size + second.size - shared;
  return union === 0 ? 1 : shared / union;
}

/** Precision and recall of the found members of a mask against the true ones; 1 where nothing could be wrong. */
export function precisionRecall(
  found: ArrayLike<number>,
  truth: ArrayLike<number>,
): { readonly precision: number; readonly recall: number } {
  let hits = 0;
  let claimed = 0;
  let real = 0;
  for (let i = 0; i < truth.length; i += 1) {
    claimed += found[i] ? 1 : 0;
    real += truth[i] ? 1 : 0;
    hits += found[i] && truth[i] ? 1 : 0;
  }
  return { precision: claimed === 0 ? 1 : hits / claimed, recall: real === 0 ? 1 : hits / real };
}
