import { parsePermalink } from '#release/permalink.ts';

export interface Place {
  /** Shown alone, for another site's frame. */
  readonly embedded: boolean;
  readonly release: { readonly kind: 'id' | 'name'; readonly text: string };
  readonly record:
    | { readonly kind: 'feature'; readonly layer: number; readonly index: number }
    | { readonly kind: 'head'; readonly layer: number; readonly head: number };
}

/** `[/embed]/r/<release>/<feature or head>[/]` -> what to show; null for every other path. Total. */
export function placeOf(pathname: string): Place | null {
  const embedded = pathname.startsWith('/embed/');
  let path: string;
  try {
    path = decodeURIComponent(embedded ? pathname.slice('/embed'.length) : pathname);
  } catch {
    return null;
  }
  const link = parsePermalink(path.replace(/\/$/, ''));
  if (!link || link.suffix !== null || (link.target.kind !== 'feature' && link.target.kind !== 'head')) return null;
  return { embedded, release: link.release, record: link.target };
}
