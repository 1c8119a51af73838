import type { QualityFile } from '../schema/quality.ts';
import type { Summary } from '../schema/summary.ts';
import { draws, rounded } from './draws.ts';
import { estimate, type Shape } from './feature.ts';

const STAGES = ['S', 'D', 'M', 'F'];

/** Quality card of a synthetic release. */
export function syntheticQuality(shape: Shape): QualityFile {
  const steps = Array.from({ length: 20 }, (_, i) => 50 * (i + 1));
  const each = shape.layers.flatMap((layer) =>
    STAGES.map((stage) => ({ stage, layer, draw: draws(shape.seed, 6, layer, STAGES.indexOf(stage)) })),
  );
  return {
    rows: each.flatMap(({ stage, layer, draw }) =>
      (['all', 'image', 'text'] as const).map((token_class) => {
        const fvu = draw.real(0.05, 0.3);
        return {
          stage,
          layer,
          stream: stage === 'F' ? 'tuned/multimodal' : 'base/text',
          token_class,
          fvu: estimate(draw, fvu, 0.01, 300),
          explained_variance: estimate(draw, 1 - fvu, 0.01, 300),
          l0: estimate(draw, 16, 0.1, 300),
          dead_fraction: rounded(draw.real(0, 0.1)),
          dense_fraction: rounded(draw.real(0, 0.02)),
          loss_recovered: estimate(draw, draw.real(0.8, 0.99), 0.01, 300),
          tokens: 9000,
        };
      }),
    ),
    logs: each.map(({ stage, layer, draw }) => ({
      stage,
      layer,
      step: steps,
      loss: steps.map((s) => rounded(0.1 + 20 / s + draw.real(0, 0.01))),
      fvu: steps.map((s) => rounded(0.1 + 20 / s)),
      l0: steps.map(() => 16),
      dead: steps.map((s) => rounded(5 / s)),
    })),
  };
}

/** Summary of a synthetic release. Its counts are plausible, not counted. */
export function syntheticSummary(shape: Shape): Summary {
  const n = shape.features;
  const part = (share: number) => Math.round(share * n);
  const eps = [0.001, 0.01, 0.1];
  const percentiles = [10, 25, 50];
  return {
    layers: shape.layers.map((layer, i) => {
      const middle = 0.9 - 0.3 * Math.sin((Math.PI * (i + 1)) / (shape.layers.length + 1));
      return {
        layer,
        features: n,
        dead: part(0.04),
        adapted: part(0.23),
        adapted_strict: part(0.16),
        suspect: part(0.05),
        spatial: part(0.05),
        rotation: { q25: rounded(middle - 0.1), median: rounded(middle), q75: rounded(middle + 0.05), n },
        control: { q25: 0.94, median: 0.96, q75: 0.98, n },
        vision_class: part(0.2),
        language_class: part(0.4),
        cross_class: part(0.36),
      };
    }),
    behaviour: ['base', 'tuned'].flatMap((model) =>
      (['seen', 'mean', 'other', 'none'] as const).map((picture) => {
        const draw = draws(shape.seed, 7, model.length, picture.length);
        const good = model === 'tuned' && picture === 'seen';
        return {
          model,
          family: 'spatial',
          picture,
          accuracy: estimate(draw, good ? 0.93 : 0.5, 0.03, 400),
          log_odds: estimate(draw, good ? 2.4 : 0, 0.2, 400),
        };
      }),
    ),
    sensitivity: {
      eps,
      percentiles,
      count: eps.map((_, i) => percentiles.map((p) => part((p / 100) * (0.9 - 0.2 * i)) * shape.layers.length)),
      jaccard: eps.map((_, i) => percentiles.map((p) => rounded(i === 1 && p === 25 ? 1 : 0.6))),
    },
    adapted_in_control: null,
    adapted_in_one_seed: null,
    thresholds: { rotation: 0.75 },
    not_confirmed: ['Synthetic: nothing here was measured.'],
  };
}
