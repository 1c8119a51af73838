import { featureId, headId } from '../ids.ts';
import type { HeadRecord, HeadsFile } from '../schema/heads.ts';
import { draws, rounded } from './draws.ts';
import { estimate, type Shape } from './feature.ts';
import type { Picture } from './pictures.ts';

const GRID = { rows: 7, columns: 7 };

function head(shape: Shape, layer: number, index: number, pictures: readonly Picture[]): HeadRecord {
  const draw = draws(shape.seed, 4, layer, index);
  const share = draw.real(0, 1) ** 3;
  return {
    id: headId(layer, index),
    layer,
    head: index,
    sentence: `Synthetic: carries ${Math.round(100 * share)} % of the effect on spatial features.`,
    spatial_effect: estimate(draw, share, 0.02, 60),
    random_effect: estimate(draw, 0.1, 0.02, 60),
    difference: estimate(draw, share - 0.1, 0.03, 60),
    q: share > 0.2 ? 0.001 : 0.6,
    rank: 1,
    ablation_rank: 1,
    image_mass: { tuned: estimate(draw, draw.real(0.1, 0.8), 0.02, 200), base: null },
    entropy: { tuned: estimate(draw, draw.real(1, 4), 0.1, 200), base: null },
    ablation: (['spatial', 'control'] as const).flatMap((task) =>
      (['log_odds', 'accuracy'] as const).map((measure) => ({
        method: 'mean',
        task,
        measure,
        effect: {
          ...estimate(draw, task === 'spatial' ? -share : -0.01, 0.02, 200),
          control: { kind: 'random head', ...estimate(draw, -0.02, 0.02, 200) },
        },
      })),
    ),
    features: Array.from({ length: 6 }, (_, i) => ({
      id: featureId(
        shape.layers[draw.int(shape.layers.indexOf(layer), shape.layers.length - 1)]!,
        draw.int(0, shape.features - 1),
      ),
      estimate: rounded(share * 0.8 ** i),
      exact: i < 2 ? rounded(share * 0.85 ** i) : null,
      status: i < 2 ? 'verified' : 'estimated',
    })),
    attention: pictures.slice(0, 3).map((p) => ({
      image: p.sha256,
      prompt: `Is the ${p.subject} left or right of the ${p.reference} ?`,
      grid: GRID,
      weights: Array.from({ length: GRID.rows * GRID.columns }, () => rounded(draw.real(0, 1 / 30))),
    })),
  };
}

/** Head table of a synthetic release, ranked by effect. */
export function syntheticHeads(shape: Shape, pictures: readonly Picture[]): HeadsFile {
  const heads = shape.layers.flatMap((layer) =>
    Array.from({ length: shape.heads }, (_, h) => head(shape, layer, h, pictures)),
  );
  const ranked = [...heads].sort((a, b) => b.spatial_effect.value - a.spatial_effect.value);
  ranked.forEach((h, i) => {
    h.rank = i + 1;
    h.ablation_rank = i + 1;
  });
  const draw = draws(shape.seed, 5);
  const points = Array.from({ length: 80 }, (): [number, number] => {
    const x = draw.real(-1, 1);
    return [rounded(x), rounded(1.1 * x + draw.real(-0.1, 0.1))];
  });
  const rise = (rate: number) => heads.map((_, i) => rounded(1 - (1 - rate) ** (i + 1)));
  const top = ranked.slice(0, Math.min(3, ranked.length)).map((h) => h.id);
  return {
    estimator: 'atp',
    heads,
    calibration: { slope: 1.1, spearman: 0.97, n: points.length, points },
    concentration: { spatial: rise(0.25), random: rise(0.08), n_spatial: 60, n_random: 60 },
    joint_ablation: (['spatial', 'control'] as const).map((task) => ({
      heads: top,
      task,
      measure: 'accuracy',
      intact: estimate(draw, 0.93, 0.03, 400),
      ablated: estimate(draw, task === 'spatial' ? 0.61 : 0.91, 0.04, 400),
      effect: {
        ...estimate(draw, task === 'spatial' ? -0.32 : -0.02, 0.04, 400),
        control: { kind: 'random heads', ...estimate(draw, -0.03, 0.03, 400) },
      },
    })),
  };
}
