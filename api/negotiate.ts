/** One entry of an `Accept` header. */
interface Range {
  readonly type: string;
  readonly quality: number;
}

const MAX_RANGES = 32;

/** Entries of an `Accept` header; what cannot be read is left out. Total. */
function ranges(header: string): Range[] {
  return header
    .split(',')
    .slice(0, MAX_RANGES)
    .flatMap((part) => {
      const [type = '', ...parameters] = part.split(';').map((p) => p.trim().toLowerCase());
      const q = parameters.find((p) => p.startsWith('q='));
      const quality = q === undefined ? 1 : Number(q.slice(2));
      return /^[^\s/]+\/[^\s/]+$/.test(type) && quality >= 0 && quality <= 1 ? [{ type, quality }] : [];
    });
}

const specificity = (range: string, type: string): number =>
  range === type ? 3 : range === `${type.split('/')[0]}/*` ? 2 : range === '*/*' ? 1 : 0;

/**
 * The offered media type that an `Accept` header likes best, the first of equals; null when it wants none of them.
 * Without a header, or with one that names nothing readable, the first.
 */
export function negotiate(header: string | null | undefined, offered: readonly string[]): string | null {
  const wanted = header ? ranges(header) : [];
  if (wanted.length === 0) return offered[0] ?? null;
  let best: { type: string; quality: number } | null = null;
  for (const type of offered) {
    let [found, quality] = [0, 0];
    for (const range of wanted) {
      const rank = specificity(range.type, type);
      if (rank > found) [found, quality] = [rank, range.quality];
    }
    if (quality > 0 && (!best || quality > best.quality)) best = { type, quality };
  }
  return best?.type ?? null;
}
