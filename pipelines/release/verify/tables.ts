import { PATHS } from '../ids.ts';
import type { ReleaseReader } from '../reader.ts';
import { SEARCH_FIELDS } from '../schema/search.ts';
import { readBlock } from '../search/postings.ts';
import { compareTerms } from '../search/text.ts';
import type { Problem } from './files.ts';

const TABLES = ['heads', 'quality', 'summary', 'related', 'steps', 'columnTable', 'order', 'map'] as const;

/** Reads every table, every posting list and every encoder to its end. */
export async function* verifyTables(reader: ReleaseReader): AsyncIterable<Problem> {
  for (const table of TABLES)
    try {
      const value = await reader[table]();
      if (table === 'order' && new Set(value as Uint32Array).size !== reader.count)
        yield { file: PATHS.rank, message: 'does not name every feature once' };
    } catch (error) {
      yield { file: table, message: (error as Error).message };
    }
  yield* verifySearch(reader);
  for (const layer of reader.manifest.layers)
    try {
      const encoder = await reader.encoder(layer);
      if (encoder && encoder.n !== reader.manifest.features_per_layer)
        yield { file: PATHS.encoder(layer), message: `has ${encoder.n} features` };
    } catch (error) {
      yield { file: PATHS.encoder(layer), message: (error as Error).message };
    }
}

async function* verifySearch(reader: ReleaseReader): AsyncIterable<Problem> {
  for (const field of SEARCH_FIELDS) {
    let [terms, postings, last] = [0, 0, ''];
    try {
      const promised = await reader.searchField(field);
      for (const [shard, firsts] of promised.shards.entries())
        for (const [slot, first] of firsts.entries()) {
          const block = readBlock(await reader.searchBlock(field, shard, slot, firsts.length));
          if (block[0]?.term !== first)
            yield { file: PATHS.searchShard(field, shard), message: `block ${slot} does not begin with "${first}"` };
          for (const view of block) {
            if (terms > 0 && compareTerms(last, view.term) >= 0)
              yield { file: PATHS.searchShard(field, shard), message: `"${view.term}" is out of order` };
            view.each(reader.count, () => {
              postings += 1;
            });
            last = view.term;
            terms += 1;
          }
        }
      if (terms !== promised.terms || postings !== promised.postings)
        yield {
          file: PATHS.searchIndex,
          message: `${field}: ${promised.terms} terms and ${promised.postings} postings, there are ${terms} and ${postings}`,
        };
    } catch (error) {
      yield { file: PATHS.searchIndex, message: `${field}: ${(error as Error).message}` };
    }
  }
}
