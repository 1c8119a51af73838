import { z } from 'zod';

export const SEARCH_FIELDS = ['word', 'token', 'relation', 'head'] as const;
export type SearchField = (typeof SEARCH_FIELDS)[number];

export const SearchFieldIndex = z.object({
  terms: z.int().min(0),
  postings: z.int().min(0),
  /** `search/<field>/<n>.bin`: the first term of each block (record) of each shard, in order. */
  shards: z.array(z.array(z.string()).min(1)),
});

/** `search/index.json` */
export const SearchIndex = z.object({
  count: z.int().min(0),
  fields: z.record(z.enum(SEARCH_FIELDS), SearchFieldIndex),
});
export type SearchIndex = z.infer<typeof SearchIndex>;
