import type { z } from 'zod';
import type { HeadAblation, HeadRecord, HeadsFile } from '#release/schema/index.ts';
import { MEASURES } from './behaviour.ts';
import { controlled, type Intervals, meanOfDraws } from './estimate.ts';
import type { AblateFile, AttentionFile, RankFile } from './files.ts';
import { headSentence } from './sentence.ts';

export interface HeadParts {
  readonly layers: number;
  readonly heads: number;
  readonly grid: { readonly rows: number; readonly columns: number };
  readonly rank: RankFile;
  /** By layer. */
  readonly ablations: readonly AblateFile[];
  readonly attention: readonly AttentionFile[];
  readonly joint: HeadsFile['joint_ablation'];
  /** sha256 of the picture of a spatial sample, by its index in the data set. */
  readonly image: (index: number) => string | undefined;
}

/** Every head's record, in order of layer and head. */
export function joinHeads(parts: HeadParts, intervals: Intervals): HeadsFile {
  const { rank, heads, layers } = parts;
  const order = rank.spatial.map((_, i) => i).sort((a, b) => rank.spatial[b]!.value - rank.spatial[a]!.value || a - b);
  const records = Array.from({ length: layers * heads }, (_, i): HeadRecord => {
    const layer = Math.floor(i / heads);
    const head = i % heads;
    const id = `H${layer}.${head}`;
    const attention = parts.attention.find((a) => a.layer === layer)?.heads[head];
    const record: Omit<HeadRecord, 'sentence'> = {
      id,
      layer,
      head,
      spatial_effect: rank.spatial[i] ?? { value: 0, low: null, high: null, n: 0 },
      random_effect: rank.random[i] ?? null,
      rank: order.length === 0 ? i + 1 : order.indexOf(i) + 1,
      image_mass: attention ? { tuned: attention.mass.tuned, base: attention.mass.base } : null,
      entropy: attention ? { tuned: attention.entropy.tuned, base: attention.entropy.base } : null,
      ablation: ablationsOf(parts.ablations, layer, head, intervals),
      features: featuresOf(rank, id),
      attention: (attention?.views ?? []).flatMap(({ index, prompt, weights }) => {
        const image = parts.image(index);
        return image ? [{ image, prompt, grid: parts.grid, weights }] : [];
      }),
    };
    return { ...record, sentence: headSentence(record) };
  });
  return { heads: records, calibration: rank.calibration, concentration: rank.curves, joint_ablation: parts.joint };
}

/** Paired change under mean ablation of one head, beside the mean of all other heads. */
function ablationsOf(
  files: readonly AblateFile[],
  layer: number,
  head: number,
  intervals: Intervals,
): z.infer<typeof HeadAblation>[] {
  const all = files.flatMap((f) => f.heads.map((h) => ({ layer: f.layer, ...h })));
  const own = all.find((h) => h.layer === layer && h.head === head);
  if (!own) return [];
  const others = all.filter((h) => h !== own);
  return (['spatial', 'control'] as const).flatMap((task) =>
    MEASURES.map((measure) => ({
      method: 'mean',
      task,
      measure,
      effect: controlled(
        own[task][measure],
        { kind: 'mean of all other heads', x: meanOfDraws(others.map((o) => o[task][measure])) },
        intervals,
      ),
    })),
  );
}

/** Spatial features that a head feeds, strongest first. */
function featuresOf(rank: RankFile, id: string): HeadRecord['features'] {
  return rank.features
    .filter((f) => f.kind === 'spatial')
    .flatMap((f) => {
      const edge = f.edges.find((e) => e.head === id);
      if (!edge) return [];
      const exact = edge.exact?.value ?? null;
      return [{ id: `L${f.layer}F${f.feature}`, estimate: edge.estimate.value, exact, status: edge.status }];
    })
    .sort((a, b) => Math.abs(b.exact ?? b.estimate) - Math.abs(a.exact ?? a.estimate) || (a.id < b.id ? -1 : 1));
}
