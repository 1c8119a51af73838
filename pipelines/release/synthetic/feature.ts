import { featureId, headId } from '../ids.ts';
import type { Estimate } from '../schema/estimate.ts';
import type { CausalTest, Feature, FiringTable, HeadEdge, SpatialEvidence, TokenWeight } from '../schema/feature.ts';
import { type Draws, draws, rounded } from './draws.ts';
import { RELATIONS, word } from './words.ts';

/** Sizes of a synthetic release. */
export interface Shape {
  readonly seed: number;
  readonly layers: readonly number[];
  readonly features: number;
  readonly heads: number;
  readonly width: number;
}

const VOCABULARY = 20_000;

export const estimate = (draw: Draws, value: number, spread: number, n: number): Estimate => ({
  value: rounded(value),
  low: rounded(value - spread * draw.real(0.5, 1)),
  high: rounded(value + spread * draw.real(0.5, 1)),
  n,
});
const controlled = (draw: Draws, value: number, spread: number, n: number) => ({
  ...estimate(draw, value, spread, n),
  control: { kind: 'random direction', ...estimate(draw, value * 0.05, spread, n) },
});

function firing(draw: Draws, spatial: boolean): FiringTable {
  const n = 200;
  const [a, c] = spatial ? [draw.int(90, 180), draw.int(2, 30)] : [draw.int(5, 60), draw.int(5, 60)];
  const log10_p = spatial ? -draw.real(8, 60) : -draw.real(0, 2);
  return {
    a,
    b: n - a,
    c,
    d: n - c,
    odds_ratio: rounded(((a + 0.5) * (n - c + 0.5)) / ((n - a + 0.5) * (c + 0.5))),
    risk_difference: estimate(draw, (a - c) / n, 0.06, 2 * n),
    p: 10 ** log10_p,
    log10_p: rounded(log10_p),
    q: Math.min(1, 10 ** (log10_p + 1)),
  };
}

const evidence = (draw: Draws, spatial: boolean): SpatialEvidence => ({
  threshold: rounded(draw.real(0.01, 0.5)),
  select: firing(draw, spatial),
  heldout: firing(draw, spatial),
  generic_rate: estimate(draw, draw.real(0.05, 0.9), 0.05, 200),
  word_rate: draw.chance(0.8) ? estimate(draw, draw.real(0, 0.5), 0.05, 200) : null,
  relations: RELATIONS.flatMap((relation) =>
    (['relation', 'side', 'subject', 'reference'] as const).map((aspect) => ({
      relation,
      aspect,
      auroc: estimate(draw, spatial && draw.chance(0.3) ? draw.real(0.7, 0.98) : draw.real(0.42, 0.55), 0.05, 200),
    })),
  ),
  minimal_pair: draw.chance(0.7) ? controlled(draw, draw.real(-1, 1), 0.1, 120) : null,
  paper: draw.chance(0.9)
    ? { odds_ratio: rounded(draw.real(0.5, 9)), risk_difference: rounded(draw.real(0, 0.3)), kept: spatial }
    : null,
});

const edges = (draw: Draws, shape: Shape, layer: number, count: number): HeadEdge[] =>
  Array.from({ length: count }, (_, i) => {
    const effect = draw.real(0.02, 1) * 0.7 ** i * (draw.chance(0.7) ? -1 : 1);
    const verified = i < 4;
    return {
      head: headId(shape.layers[draw.int(0, Math.max(0, shape.layers.indexOf(layer)))]!, draw.int(0, shape.heads - 1)),
      status: verified ? 'verified' : 'estimated',
      estimate: estimate(draw, effect, 0.02, 200),
      exact: verified ? estimate(draw, effect * 1.1, 0.02, 200) : null,
      denoising: estimate(draw, effect * 0.9, 0.02, 200),
      direct: rounded(effect * draw.real(0, 1)),
      absolute: rounded(Math.abs(effect) * 1.3),
    };
  });

const tests = (draw: Draws): CausalTest[] =>
  (['spatial', 'control'] as const).flatMap((task) =>
    (['log_odds', 'accuracy'] as const).map((measure) => ({
      test: 'ablate',
      dose: 1,
      task,
      measure,
      effect: controlled(draw, task === 'spatial' ? -draw.real(0, 0.8) : draw.real(-0.05, 0.05), 0.05, 200),
    })),
  );

const tokens = (draw: Draws, sign: number): TokenWeight[] =>
  Array.from({ length: 10 }, (_, i) => {
    const id = draw.rare(VOCABULARY);
    return { token: `\u2581${word(id)}`, id, weight: rounded(sign * (3 / (i + 1) + draw.real(0, 0.1))) };
  });

/** One synthetic feature, of the size that a pipeline's has. Features with spatial evidence are about one in eight. */
export function syntheticFeature(shape: Shape, layer: number, index: number): Feature {
  const draw = draws(shape.seed, 2, layer, index);
  const dead = draw.chance(0.04);
  const spatial = !dead && draw.chance(0.05);
  const studied = spatial || draw.chance(0.08);
  const adapted = !dead && (spatial ? draw.chance(0.8) : draw.chance(0.2));
  const cosine = rounded(adapted ? draw.real(-0.1, 0.75) : draw.real(0.6, 0.999));
  const control = rounded(draw.real(0.9, 0.999));
  const vision = draw.real(0, 1) ** 2;
  const label = Array.from({ length: draw.int(2, 6) }, () => word(draw.rare(VOCABULARY))).join(' ');
  const near = () => shape.layers[draw.int(0, shape.layers.length - 1)]!;
  const counts = Array.from({ length: 24 }, (_, i) => Math.floor(2000 / (i + 1) + draw.int(0, 9)));
  return {
    id: featureId(layer, index),
    layer,
    index,
    label: { text: label, maker: 'rule', score: null },
    sentence: `Synthetic: ${spatial ? `fires on spatial questions and turned by ${Math.round((Math.acos(cosine) * 180) / Math.PI)} degrees` : 'no evidence'}.`,
    class: dead ? 'none' : vision > 0.6 ? 'vision' : vision < 0.2 ? 'language' : 'cross',
    flags: {
      dead,
      adapted,
      adapted_strict: adapted && draw.chance(0.7),
      suspect: adapted && draw.chance(0.2),
      rotated_shared: adapted && draw.chance(0.8),
      spatial,
      decoy: !spatial && studied && draw.chance(0.1),
    },
    stages: {
      cos_s_f: cosine,
      cos_s_d: rounded(draw.real(0.8, 1)),
      cos_d_f: rounded(Math.min(1, cosine + draw.real(0, 0.2))),
      cos_s_m: rounded(draw.real(0.6, 1)),
      cos_m_f: rounded(Math.min(1, cosine + draw.real(0, 0.3))),
      cos_s_f2: rounded(Math.min(1, cosine + draw.real(-0.05, 0.05))),
      cos_f_f2: rounded(draw.real(0.85, 1)),
      cos_s_c: control,
      encoder_s_f: rounded(Math.min(1, cosine + draw.real(-0.1, 0.1))),
      norm_ratio_s_f: rounded(draw.real(0.8, 1.2)),
      procrustes_s_f: rounded(Math.min(1, cosine + draw.real(0, 0.05))),
      control_difference: rounded(control - cosine),
    },
    preference: estimate(draw, vision, 0.05, 400),
    energy: {
      vision: rounded(vision * 3),
      text: rounded((1 - vision) * 3),
      image_tokens: rounded(vision * 4),
      text_tokens: rounded(vision),
    },
    dominance: rounded(vision),
    latent_scaling: draw.chance(0.9)
      ? {
          tuned: 0.9,
          tuned_reconstruction: 0.8,
          tuned_error: 0.1,
          base: rounded(draw.real(0, 0.9)),
          base_reconstruction: 0.5,
          base_error: 0.2,
        }
      : null,
    frequency: {
      base_text: rounded(draw.real(0, 0.05)),
      image: rounded(vision * 0.1),
      text: rounded(draw.real(0, 0.05)),
    },
    max_activation: rounded(dead ? 0 : draw.real(1, 30)),
    histogram: { edges: Array.from({ length: 25 }, (_, i) => rounded(i * 0.5)), counts },
    spatial: studied ? evidence(draw, spatial) : null,
    stability: { share: spatial ? 1 : 0, splits: 5 },
    monosemanticity: rounded(0.4 + 0.6 * draws(shape.seed, 10, layer, index).real(0, 1)),
    heads: studied ? edges(draw, shape, layer, 10) : [],
    concentration: studied
      ? {
          heads_50: draw.int(1, 4),
          heads_80: draw.int(4, 9),
          heads_90: draw.int(9, 16),
          gini: rounded(draw.real(0.4, 0.9)),
          top5_share: rounded(draw.real(0.5, 1)),
          random: { heads_50: 6.2, heads_80: 14.1, heads_90: 19.7, n: 50 },
        }
      : null,
    causal: spatial ? tests(draw) : [],
    promoted: tokens(draw, 1),
    suppressed: tokens(draw, -1),
    neighbours: Array.from({ length: 8 }, (_, i) => ({
      id: featureId(layer, draw.int(0, shape.features - 1)),
      cosine: rounded(0.8 * 0.9 ** i),
    })),
    matches: Array.from({ length: 4 }, (_, i) => ({
      id: featureId(near(), draw.int(0, shape.features - 1)),
      correlation: rounded(0.7 * 0.9 ** i),
    })),
  };
}
