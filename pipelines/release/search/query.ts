import { ReleaseError } from '../errors.ts';
import type { SearchField, SearchIndex } from '../schema/search.ts';
import { Bits } from './bits.ts';
import { readBlock, type TermView } from './postings.ts';
import { compareTerms, QUERY_TERM, words } from './text.ts';

/** All parts given must match. In `words`, each word must match; one that ends in `*` matches every word that begins so. */
export interface SearchQuery {
  readonly words?: string;
  readonly token?: string;
  readonly relation?: string;
  readonly head?: string;
}

export interface Clause {
  readonly field: SearchField;
  readonly term: string;
  readonly prefix: boolean;
}

/** A word with `*` may read many blocks; one without reads one. */
const MAX_PREFIXES = 4;

const clause = (field: SearchField, text: string): Clause => {
  const prefix = text.endsWith('*');
  return { field, prefix, term: QUERY_TERM[field](prefix ? text.slice(0, -1) : text) };
};

/** The clauses of a query, each once. A part without a letter or digit gives a clause that matches nothing. */
export function clauses(query: SearchQuery): Clause[] {
  const parts = query.words === undefined ? [] : (query.words.match(/\S+/gu) ?? ['']);
  const found = parts.flatMap((part): Clause[] => {
    const terms = words(part);
    const prefix = part.endsWith('*');
    if (terms.length === 0) return [{ field: 'word', term: '', prefix: false }];
    return terms.map((term, i) => ({ field: 'word', term, prefix: prefix && i === terms.length - 1 }));
  });
  for (const field of ['token', 'relation', 'head'] as const) {
    const text = query[field];
    if (text !== undefined) found.push(clause(field, text));
  }
  const once = [...new Map(found.map((c) => [JSON.stringify(c), c])).values()];
  if (once.filter((c) => c.prefix).length > MAX_PREFIXES)
    throw new ReleaseError('argument', `words: more than ${MAX_PREFIXES} words end in *`, 'write some words out');
  return once;
}

/** Index of the last block whose first term is not after `term` (0 when all are). */
const startBlock = (firsts: readonly string[], term: string): number => {
  let [low, high] = [0, firsts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareTerms(firsts[middle]!, term) <= 0) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
};

/** Reads a block (`record` of the field's shard). */
export type BlockReader = (field: SearchField, shard: number, slot: number, blocks: number) => Promise<Uint8Array>;

/** Ranks that match one clause. */
async function match(index: SearchIndex, { field, term, prefix }: Clause, read: BlockReader): Promise<Bits> {
  const bits = new Bits(index.count);
  if (term === '') return bits;
  const take = (view: TermView) => view.each(index.count, (rank) => bits.add(rank));
  const shards = index.fields[field].shards;
  const place = shards.flatMap((firsts, shard) =>
    firsts.map((first, slot) => ({ first, shard, slot, blocks: firsts.length })),
  );
  for (
    let at = startBlock(
      place.map((p) => p.first),
      term,
    );
    at < place.length;
    at += 1
  ) {
    const { first, shard, slot, blocks } = place[at]!;
    if (prefix ? !(first < term || first.startsWith(term)) : first > term) break;
    for (const view of readBlock(await read(field, shard, slot, blocks)))
      if (prefix ? view.term.startsWith(term) : view.term === term) take(view);
    if (!prefix) break;
  }
  return bits;
}

/** Ranks that match every clause; all of them when there is no clause. */
export async function runQuery(index: SearchIndex, query: SearchQuery, read: BlockReader): Promise<Bits> {
  const [first, ...rest] = await Promise.all(clauses(query).map((one) => match(index, one, read)));
  if (!first) return Bits.full(index.count);
  for (const bits of rest) first.and(bits);
  return first;
}
