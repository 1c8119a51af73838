import { featureId, headId } from '../ids.ts';
import type { RelatedFile } from '../schema/related.ts';
import { draws, rounded } from './draws.ts';
import { estimate, type Shape } from './feature.ts';

const THINGS = ['apple', 'cat', 'cup'];

/** Related analyses of a synthetic release, every section of them. */
export function syntheticRelated(shape: Shape): RelatedFile {
  const { seed, layers } = shape;
  const depth = (layer: number) => (layers.indexOf(layer) + 1) / layers.length;
  const each = <T>(purpose: number, make: (layer: number, draw: ReturnType<typeof draws>) => T[]): T[] =>
    layers.flatMap((layer) => make(layer, draws(seed, 9, purpose, layer)));
  return {
    image_tokens: {
      rows: each(0, (layer, draw) => [
        {
          layer,
          fvu: {
            ...estimate(draw, 0.9 - 0.7 * depth(layer), 0.02, 300),
            control: { kind: 'text tokens of the same samples', ...estimate(draw, 0.2, 0.01, 300) },
          },
          l0: {
            ...estimate(draw, 16, 0.1, 300),
            control: { kind: 'text tokens of the same samples', ...estimate(draw, 16, 0.1, 300) },
          },
          dead_fraction: { image: rounded(draw.real(0.1, 0.6)), text: rounded(draw.real(0, 0.2)) },
        },
      ]),
      convergence: { layer: layers.at(-1) ?? null, limit: 1.25 },
    },
    probes: each(1, (layer, draw) =>
      (['image', 'text', 'last'] as const).flatMap((tokens) =>
        (['x', 'identity'] as const).map((target) => {
          const score = depth(layer) * draw.real(0.5, 0.95);
          return {
            layer,
            tokens,
            target,
            measure: target === 'x' ? ('r2' as const) : ('accuracy' as const),
            score: {
              ...estimate(draw, score, 0.04, 150),
              control: { kind: 'shuffled truth', ...estimate(draw, 0.05, 0.04, 150) },
              difference: estimate(draw, score - 0.05, 0.05, 150),
            },
          };
        }),
      ),
    ),
    shifts: each(2, (layer, draw) =>
      THINGS.map((concept, i) => ({
        layer,
        concept,
        size: rounded(draw.real(0.2, 1.4)),
        recovery: {
          ...estimate(draw, draw.real(0.2, 0.8), 0.05, 12),
          control: {
            kind: `shift of ${THINGS[(i + 1) % THINGS.length]}`,
            ...estimate(draw, draw.real(0, 0.3), 0.05, 12),
          },
        },
      })),
    ),
    monosemanticity: each(3, (layer, draw) => [
      {
        layer,
        score: {
          ...estimate(draw, draw.real(0.5, 0.7), 0.02, shape.features),
          control: { kind: 'any two pictures', ...estimate(draw, 0.45, 0.01, 280) },
        },
        spatial: null,
        top: Array.from({ length: Math.min(3, shape.features) }, (_, i) => ({
          id: featureId(layer, i),
          score: rounded(0.95 - 0.02 * i),
        })),
        pictures: 280,
      },
    ]),
    attention: each(4, (layer, draw) =>
      [null, ...Array.from({ length: shape.heads }, (_, h) => headId(layer, h))].map((head) => {
        const part = (size: number) => {
          const [tuned, base] = [draw.real(0.1, 0.8) * size, draw.real(0.1, 0.8) * size];
          return {
            tuned: estimate(draw, tuned, 0.02, 48),
            base: estimate(draw, base, 0.02, 48),
            change: estimate(draw, tuned - base, 0.02, 48),
          };
        };
        return { layer, head, mass: part(1), entropy: part(4) };
      }),
    ),
    language_prior: (['mean', 'other'] as const).flatMap((picture, k) =>
      ['spatial', 'control'].flatMap((family, f) =>
        ['all', 'relation'].map((kind, i) => {
          const draw = draws(seed, 9, 5, k, f, i);
          return {
            family,
            kind,
            picture,
            reliance: estimate(draw, 0.52, 0.04, 150),
            accuracy: estimate(draw, -0.44, 0.04, 150),
            log_odds: estimate(draw, -6.2, 0.4, 150),
          };
        }),
      ),
    ),
  };
}
