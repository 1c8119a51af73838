import { draws } from '#release/synthetic/draws.ts';
import { word } from '#release/synthetic/words.ts';
import type { Shot } from './load.ts';

/** A kind of request, and the time over a Worker that does nothing that it should stay below, ms. */
export interface Case {
  readonly name: string;
  readonly limit?: number;
  readonly shot: (i: number) => Shot;
}

/** Requests to a synthetic release of so many layers and features. */
export function readCases(id: string, layers: number, features: number): Case[] {
  const base = `/api/v1/r/${id}`;
  const draw = draws(7);
  const feature = () => `L${draw.int(0, layers - 1)}F${draw.int(0, features - 1)}`;
  return [
    { name: 'look-up by id', limit: 2, shot: () => ({ path: `${base}/features/${feature()}` }) },
    { name: 'look-up by id, kept', limit: 2, shot: () => ({ path: `${base}/features/L0F7` }) },
    {
      name: 'batch of 64',
      shot: () => ({ path: `${base}/batch`, body: JSON.stringify({ ids: Array.from({ length: 64 }, feature) }) }),
    },
    {
      name: 'list, filter and sort',
      shot: (i) => ({
        path: `${base}/features?cos_s_f.max=0.${500 + (i % 400)}&spatial=true&sort=-preference&limit=50`,
      }),
    },
    {
      name: 'search, rare word',
      limit: 3,
      shot: (i) => ({ path: `${base}/search?words=${word(9000 + 13 * i)}&limit=20` }),
    },
    { name: 'search, common word', limit: 3, shot: (i) => ({ path: `${base}/search?words=${word(i % 5)}&limit=20` }) },
    {
      name: 'search, prefix',
      limit: 3,
      shot: (i) => ({ path: `${base}/search?words=${word(20 + (i % 40)).slice(0, 3)}*&limit=20` }),
    },
  ];
}

/** A probe of one vector of the width given. */
export const probeCase = (id: string, width: number): Case => ({
  name: `probe, ${width} wide`,
  limit: 1.5,
  shot: (i) => ({
    path: `/api/v1/r/${id}/probe/vectors`,
    body: JSON.stringify({
      layer: 0,
      vectors: [Array.from({ length: width }, (_, j) => Math.round(1000 * Math.sin(i + j)) / 1000)],
      top: 16,
    }),
  }),
});
