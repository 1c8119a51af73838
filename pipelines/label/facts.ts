import { z } from 'zod';
import type { Sample, Scene } from '#pipelines/data/sample.ts';

const Share = z.object({ name: z.string(), share: z.number() });

/** What a feature's strongest hits have in common; the ground of its rule-made label. Shares add up to at most 1. */
export const ExampleFacts = z.object({
  feature: z.int().min(0),
  /** Samples on which it fired, of how many. */
  fired: z.int().min(0),
  samples: z.int().min(0),
  /** Strongest hits looked at. */
  hits: z.int().min(0),
  /** Share of their activation that falls on image tokens. */
  on_image: z.number(),
  /** Tokens that carry the peak of the hits whose peak is a text token. */
  peak_tokens: z.array(Share),
  /** Tokens before those peaks. */
  before_peak: z.array(Share),
  /** What the patches show, by share of the activation on image tokens: a thing's name, or `ground`. */
  shows: z.array(Share),
  /** Colour of the ground and ninth of the picture, by share of the activation on image tokens. */
  grounds: z.array(Share),
  places: z.array(Share),
  /** Families of questions among the hits. */
  families: z.array(Share),
});
export type ExampleFacts = z.infer<typeof ExampleFacts>;

/** One hit, as the facts see it. */
export interface HitTokens {
  readonly sample: Sample;
  readonly grid: { readonly rows: number; readonly columns: number } | null;
  /** Activation by patch (row-major) and by text token. */
  readonly image: ReadonlyMap<number, number>;
  readonly text: ReadonlyMap<number, number>;
  readonly tokens: readonly string[];
}

/** Names kept of each list. */
const KEPT = 6;

/** Name of the thing whose drawing covers most of a patch's centre region, else `ground`. */
export function patchShows(scene: Scene, side: number, grid: { rows: number; columns: number }, patch: number): string {
  const [row, column] = [Math.floor(patch / grid.columns), patch % grid.columns];
  const [height, width] = [side / grid.rows, side / grid.columns];
  let best = 'ground';
  // A drawing fills about two thirds of its square: a patch shows it where a third of the patch lies inside the square.
  let most = (width * height) / 3;
  for (const { name, px, x, y } of scene.objects) {
    const overlap = (from: number, to: number, centre: number) =>
      Math.max(0, Math.min(to, centre + px / 2) - Math.max(from, centre - px / 2));
    const area = overlap(column * width, (column + 1) * width, x) * overlap(row * height, (row + 1) * height, y);
    if (area > most) {
      most = area;
      best = name;
    }
  }
  return best;
}

/** Ninth of the picture that holds a patch's middle: "top left", "middle", ... */
export function ninthOf({ rows, columns }: { rows: number; columns: number }, patch: number): string {
  const third = (at: number, of: number, names: readonly [string, string, string]) =>
    names[Math.min(2, Math.floor(((at + 0.5) * 3) / of)) as 0 | 1 | 2];
  const row = third(Math.floor(patch / columns), rows, ['top', 'middle', 'bottom']);
  const column = third(patch % columns, columns, ['left', 'middle', 'right']);
  return row === column ? row : [row, column].filter((name) => name !== 'middle').join(' ');
}

function shares(weights: ReadonlyMap<string, number>): z.infer<typeof Share>[] {
  const total = [...weights.values()].reduce((a, b) => a + b, 0);
  const order = [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return order.slice(0, KEPT).map(([name, weight]) => ({ name, share: round(weight / total) }));
}

const round = (x: number): number => Number(x.toPrecision(4));
const sum = (map: ReadonlyMap<number, number>): number => [...map.values()].reduce((a, b) => a + b, 0);

/** Facts of a feature from its strongest hits. */
export function factsOf(feature: number, fired: number, samples: number, hits: readonly HitTokens[]): ExampleFacts {
  const weights = { peaks: new Map(), before: new Map(), shows: new Map(), grounds: new Map(), places: new Map() };
  const families = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, weight: number) => to.set(name, (to.get(name) ?? 0) + weight);
  let onImage = 0;
  let total = 0;
  for (const { sample, grid, image, text, tokens } of hits) {
    add(families, sample.truth?.family ?? 'text', 1);
    onImage += sum(image);
    total += sum(image) + sum(text);
    const [peak] = [...text].sort(([i, a], [j, b]) => b - a || i - j);
    if (peak && peak[1] >= Math.max(0, ...image.values())) {
      add(weights.peaks, tokens[peak[0]]!, 1);
      add(weights.before, tokens[peak[0] - 1] ?? '', 1);
    }
    const scene = sample.truth?.scene;
    if (scene && grid && sample.image)
      for (const [patch, value] of image) {
        add(weights.shows, patchShows(scene, sample.image.width, grid, patch), value);
        add(weights.grounds, scene.background, value);
        add(weights.places, ninthOf(grid, patch), value);
      }
  }
  return {
    feature,
    fired,
    samples,
    hits: hits.length,
    on_image: total === 0 ? 0 : round(onImage / total),
    peak_tokens: shares(weights.peaks),
    before_peak: shares(weights.before),
    shows: shares(weights.shows),
    grounds: shares(weights.grounds),
    places: shares(weights.places),
    families: shares(families),
  };
}
