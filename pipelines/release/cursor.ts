/** Opaque page marks: what they belong to (release and query) and where the next page begins. */
const CURSOR = /^[A-Za-z0-9_-]{1,400}$/;

const toBase64 = (text: string): string => btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** FNV-1a over UTF-16 code units, 32 bits: ties a mark to its query; it guards against mistakes, not against forgers. */
export const queryMark = (text: string): string => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
};

/** @param scope release id and query; @param position numbers that say where to go on */
export const encodeCursor = (scope: string, position: readonly number[]): string =>
  toBase64(`${queryMark(scope)}:${position.map((n) => n.toString(36)).join(':')}`);

/** Numbers of a mark made for the same scope; null for anything else. Total. */
export function decodeCursor(scope: string, cursor: string, length: number): number[] | null {
  if (!CURSOR.test(cursor)) return null;
  let text: string;
  try {
    text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
  const [mark, ...rest] = text.split(':');
  if (mark !== queryMark(scope) || rest.length !== length || !rest.every((n) => /^[0-9a-z]{1,10}$/.test(n)))
    return null;
  const position = rest.map((n) => Number.parseInt(n, 36));
  return position.every(Number.isSafeInteger) && encodeCursor(scope, position) === cursor ? position : null;
}
