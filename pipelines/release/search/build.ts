import type { Feature } from '../schema/feature.ts';
import { SEARCH_FIELDS, type SearchField, type SearchIndex } from '../schema/search.ts';
import { encodeShard } from '../shard.ts';
import { BLOCKS_PER_SHARD, encodeBlock, type TermPostings } from './postings.ts';
import { compareTerms, TERMS } from './text.ts';

const BLOCK_TERMS = 128;
const BLOCK_POSTINGS = 32_768;

/** How telling a feature is: confirmed spatial ones first, then adapted ones, then by rotation; dead ones last. */
export const prominence = (f: Feature): number =>
  (f.flags.dead ? -8 : 0) + (f.flags.spatial ? 4 : 0) + (f.flags.adapted ? 2 : 0) + (1 - f.stages.cos_s_f) / 2;

const split = <T>(items: readonly T[], size: (item: T) => number, count: number, total: number): T[][] => {
  const parts: T[][] = [];
  let room = 0;
  for (const item of items) {
    const last = parts.at(-1);
    if (!last || last.length === count || (last.length > 0 && room < size(item))) {
      parts.push([item]);
      room = total - size(item);
    } else {
      last.push(item);
      room -= size(item);
    }
  }
  return parts;
};

/** Posting lists over label words, promoted tokens, relations and heads. Lists hold ranks, so that the most telling hits come first. */
export class SearchBuilder {
  readonly #terms: Record<SearchField, Map<string, number[]>>;
  readonly #score: Float64Array;
  #at = 0;

  constructor(features: number) {
    this.#terms = Object.fromEntries(SEARCH_FIELDS.map((f) => [f, new Map()])) as Record<
      SearchField,
      Map<string, number[]>
    >;
    this.#score = new Float64Array(features);
  }

  /** Features in order of layer and index. */
  add(feature: Feature): void {
    this.#score[this.#at] = prominence(feature);
    for (const field of SEARCH_FIELDS)
      for (const term of new Set(TERMS[field](feature))) {
        if (term === '') continue;
        const list = this.#terms[field].get(term);
        if (list) list.push(this.#at);
        else this.#terms[field].set(term, [this.#at]);
      }
    this.#at += 1;
  }

  /** `order[rank]` = ordinal, the index, and the shards of each field. */
  finish(): {
    order: Uint32Array;
    index: SearchIndex;
    shards: { field: SearchField; shard: number; bytes: Uint8Array }[];
  } {
    const order = Uint32Array.from({ length: this.#at }, (_, i) => i).sort(
      (a, b) => this.#score[b]! - this.#score[a]! || a - b,
    );
    const rankOf = new Uint32Array(order.length);
    order.forEach((ordinal, rank) => {
      rankOf[ordinal] = rank;
    });
    const shards: { field: SearchField; shard: number; bytes: Uint8Array }[] = [];
    const fields = {} as SearchIndex['fields'];
    for (const field of SEARCH_FIELDS) {
      const terms: TermPostings[] = [...this.#terms[field]]
        .sort(([a], [b]) => compareTerms(a, b))
        .map(([term, list]) => ({ term, ranks: Uint32Array.from(list, (o) => rankOf[o]!).sort() }));
      const blocks = split(terms, (t) => t.ranks.length, BLOCK_TERMS, BLOCK_POSTINGS);
      const groups = split(
        blocks,
        (b) => b.reduce((n, t) => n + t.ranks.length, 0),
        BLOCKS_PER_SHARD,
        8 * BLOCK_POSTINGS,
      );
      groups.forEach((group, shard) => {
        shards.push({ field, shard, bytes: encodeShard(shard * BLOCKS_PER_SHARD, group.map(encodeBlock)) });
      });
      fields[field] = {
        terms: terms.length,
        postings: terms.reduce((n, t) => n + t.ranks.length, 0),
        shards: groups.map((group) => group.map((block) => block[0]!.term)),
      };
    }
    return { order, index: { count: this.#at, fields }, shards };
  }
}
