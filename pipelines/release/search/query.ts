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

const MAX_CLAUSES = 12;

const clause = (field: SearchField, text: string): Clause => {
  const prefix = text.endsWith('*');
  return { field, prefix, term: QUERY_TERM[field](prefix ? text.slice(0, -1) : text) };
};

/** The clauses of a query; `ReleaseError` `argument` names the part that says nothing. */
export function clauses(query: SearchQuery): Clause[] {
  const out = (query.words ?? '').split(/\s+/u).flatMap((part) => {
    const found = words(part);
    return found.map(
      (term, i): Clause => ({ field: 'word', term, prefix: part.endsWith('*') && i === found.length - 1 }),
    );
  });
  for (const field of ['token', 'relation', 'head'] as const) {
    const text = query[field];
    if (text === undefined) continue;
    const one = clause(field, text);
    if (one.term === '')
      throw new ReleaseError('argument', `${field}: "${text}" holds nothing to look for`, `give a ${field}`);
    out.push(one);
  }
  if (out.length === 0)
    throw new ReleaseError(
      'argument',
      'words: the query holds nothing to look for',
      'give words, token, relation or head',
    );
  if (out.length > MAX_CLAUSES)
    throw new ReleaseError('argument', `words: more than ${MAX_CLAUSES} words`, 'look for fewer words');
  return out;
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

/** Ranks that match every clause. */
export async function runQuery(index: SearchIndex, query: SearchQuery, read: BlockReader): Promise<Bits> {
  const [first, ...rest] = await Promise.all(clauses(query).map((one) => match(index, one, read)));
  for (const bits of rest) first!.and(bits);
  return first!;
}
