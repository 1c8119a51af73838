/** Number of single-letter insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** The known word that `word` was probably meant to be: fewest edits, at most half of its letters; case does not count. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({ name, edits: editDistance(word.toLowerCase(), name.toLowerCase()) }));
  const best = scored.reduce<{ name: string; edits: number } | undefined>(
    (a, b) => (a === undefined || b.edits < a.edits ? b : a),
    undefined,
  );
  return best && best.edits <= Math.ceil(word.length / 2) ? best.name : undefined;
}
