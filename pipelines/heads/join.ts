import type { HeadRecord, HeadsFile } from '#release/schema/index.ts';
import { joinAblations } from './ablations.ts';
import type { Intervals } from './estimate.ts';
import type { AblateFile, AttentionFile, RankFile } from './files.ts';
import { headSentence } from './sentence.ts';

export interface HeadParts {
  readonly layers: number;
  readonly heads: number;
  readonly grid: { readonly rows: number; readonly columns: number };
  readonly rank: RankFile;
  readonly ablations: AblateFile;
  /** By layer. */
  readonly attention: readonly AttentionFile[];
  readonly joint: HeadsFile['joint_ablation'];
  /** sha256 of the picture of a spatial sample, by its index in the data set. */
  readonly image: (index: number) => string | undefined;
}

/** Every head's record, in order of layer and head. */
export function joinHeads(parts: HeadParts, intervals: Intervals): HeadsFile {
  const { rank, heads, layers } = parts;
  const ablations = joinAblations(parts.ablations, layers, heads, intervals);
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
      ...rank.tests?.[i],
      rank: order.length === 0 ? i + 1 : order.indexOf(i) + 1,
      image_mass: attention ? { tuned: attention.mass.tuned, base: attention.mass.base } : null,
      entropy: attention ? { tuned: attention.entropy.tuned, base: attention.entropy.base } : null,
      ...(ablations[i] ? { ablation_rank: ablations[i].rank } : {}),
      ablation: ablations[i]?.rows ?? [],
      features: featuresOf(rank, id),
      attention: (attention?.views ?? []).flatMap(({ index, prompt, weights }) => {
        const image = parts.image(index);
        return image ? [{ image, prompt, grid: parts.grid, weights }] : [];
      }),
    };
    return { ...record, sentence: headSentence(record) };
  });
  return {
    estimator: rank.estimator,
    heads: records,
    calibration: rank.calibration,
    concentration: rank.curves,
    joint_ablation: parts.joint,
  };
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
