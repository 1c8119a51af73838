import type { Feature } from '../schema/feature.ts';
import type { SearchField } from '../schema/search.ts';

const MAX_TERM = 48;
const cut = (text: string): string => [...text].slice(0, MAX_TERM).join('');

/** Letters and digits of any script, lower case, compatibility forms folded: the words under which a label is found. */
export const words = (text: string): string[] =>
  (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).map(cut);

/** A token without its word-start mark (SentencePiece U+2581, byte-level BPE U+0120) and outer spaces; '' when nothing is left. */
export const tokenTerm = (token: string): string =>
  cut(
    token
      .replace(/^[\u2581\u0120\s]+|\s+$/gu, '')
      .normalize('NFKC')
      .toLowerCase(),
  );

export const relationTerm = (relation: string): string => cut(relation.normalize('NFKC').trim().toLowerCase());

/** A relation counts when its AUROC stands above chance with its interval. */
const carries = (auroc: { value: number; low: number | null }): boolean => (auroc.low ?? auroc.value) > 0.5;

/** Terms under which each field finds a feature. */
export const TERMS: Record<SearchField, (feature: Feature) => readonly string[]> = {
  word: (f) => words(f.label.text),
  token: (f) => f.promoted.map((t) => tokenTerm(t.token)),
  relation: (f) => (f.spatial?.relations ?? []).filter((r) => carries(r.auroc)).map((r) => relationTerm(r.relation)),
  head: (f) => f.heads.map((e) => e.head),
};

/** How each field reads a term of a query. */
export const QUERY_TERM: Record<SearchField, (text: string) => string> = {
  word: (text) => words(text)[0] ?? '',
  token: tokenTerm,
  relation: relationTerm,
  head: (text) => text,
};

/** Order of terms in an index: by UTF-16 code unit, the same everywhere. */
export const compareTerms = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
