import { batch } from './routes/batch.ts';
import { columns } from './routes/columns.ts';
import { compare } from './routes/compare.ts';
import { edges } from './routes/edges.ts';
import { examples, feature, neighbours } from './routes/features.ts';
import { head, heads } from './routes/heads.ts';
import { layer, layers } from './routes/layers.ts';
import { list } from './routes/list.ts';
import { probeVectors } from './routes/probe.ts';
import { probeText } from './routes/probe-text.ts';
import { models, quality, release, summary } from './routes/release.ts';
import { releases } from './routes/releases.ts';
import { search } from './routes/search.ts';
import { sensitivity } from './routes/sensitivity.ts';
import { stages } from './routes/stages.ts';

/** Every operation of the API. Adding one is one entry. */
export const OPERATIONS = [
  releases,
  release,
  models,
  layers,
  layer,
  columns,
  list,
  search,
  batch,
  feature,
  examples,
  neighbours,
  heads,
  head,
  edges,
  stages,
  sensitivity,
  compare,
  summary,
  quality,
  probeVectors,
  probeText,
] as const;
