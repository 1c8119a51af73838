import { featureId } from '../ids.ts';
import type { Example, FeatureExamples, SampleRecord, Sparse } from '../schema/examples.ts';
import { type Draws, draws, rounded } from './draws.ts';
import type { Shape } from './feature.ts';
import type { Picture } from './pictures.ts';

const GRID = { rows: 7, columns: 7 };
const INTERVALS = ['top', 'top', 'top', 'top', 'q95', 'q95', 'q75', 'q75', 'q50', 'q25'];

const FAMILIES: readonly { family: string; prompt: (p: Picture) => string; answer: (p: Picture) => string }[] = [
  {
    family: 'spatial',
    prompt: (p) => `Is the ${p.subject} left or right of the ${p.reference} ?`,
    answer: (p) => p.relation.split(' ')[0]!,
  },
  { family: 'matched', prompt: (p) => `Is the ${p.subject} larger than the ${p.reference} ?`, answer: () => 'no' },
];

function sample(picture: Picture, at: number, family: number): SampleRecord {
  const { family: name, prompt, answer } = FAMILIES[family]!;
  return {
    id: `scene-${at}-${name}`,
    image: picture.sha256,
    grid: GRID,
    tokens: prompt(picture)
      .split(' ')
      .map((w) => `\u2581${w}`),
    family: name,
    prompt: prompt(picture),
    answer: answer(picture),
    alt: `a ${picture.subject} ${picture.relation} a ${picture.reference}`,
  };
}

function sparse(draw: Draws, length: number, share: number, most: number): Sparse {
  const index = Array.from({ length }, (_, i) => i).filter(() => draw.chance(share));
  return { index, value: index.map(() => rounded(draw.real(0.02, most))) };
}

/** Examples of one synthetic feature; null for one in forty, as for dead ones. */
export function syntheticExamples(
  shape: Shape,
  layer: number,
  index: number,
  pictures: readonly Picture[],
): FeatureExamples | null {
  const draw = draws(shape.seed, 3, layer, index);
  if (draw.chance(1 / 40)) return null;
  const samples = Array.from({ length: 12 }, (_, i) => {
    const at = draw.int(0, pictures.length - 1);
    return sample(pictures[at]!, at, i % FAMILIES.length);
  });
  const example = (of: number, interval: string, most: number): Example => {
    const image = sparse(draw, GRID.rows * GRID.columns, 0.35, most);
    const text = sparse(draw, samples[of]!.tokens.length, 0.4, most);
    return { sample: of, interval, max: Math.max(0, ...image.value, ...text.value), image, text };
  };
  return {
    id: featureId(layer, index),
    samples,
    examples: INTERVALS.map((interval, i) => example(i, interval, 20 / (i + 1))),
    pairs: [0, 2].map((of) => ({ spatial: example(of, 'top', 8), matched: example(of + 1, 'top', 1) })),
  };
}
