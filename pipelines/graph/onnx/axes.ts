/** The order of axes with the last two exchanged: a `perm` of Transpose for matrices. */
export function lastExchanged(rank: number): number[] {
  const perm = Array.from({ length: rank }, (_, i) => i);
  perm.splice(-2, 2, rank - 1, rank - 2);
  return perm;
}
