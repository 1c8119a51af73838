import { featureId } from '#release/ids.ts';
import type { MonosemanticityRow } from '#release/schema/index.ts';
import { type Bootstrap, differenceOf, meanOf } from './estimate.ts';
import type { MonosemanticityFile } from './files.ts';

/** Features listed as the most monosemantic ones, and fewest that make a group of their own. */
const TOP = 10;
const FEWEST = 2;

/**
 * One layer's row of a release: all scored features against any two pictures, and the spatial ones against the others.
 * Null where no feature fires on two pictures.
 */
export function monosemanticityRow(
  { layer, scores, chance }: MonosemanticityFile,
  isSpatial: (index: number) => boolean,
  options: Bootstrap,
): MonosemanticityRow | null {
  const scored = scores.flatMap((score, index) => (score === null ? [] : [{ index, score }]));
  if (scored.length < FEWEST) return null;
  const all = scored.map(({ score }) => score);
  const group = (spatial: boolean) => scored.filter(({ index }) => isSpatial(index) === spatial).map((s) => s.score);
  const [spatial, others] = [group(true), group(false)];
  const own = meanOf(all, options);
  const less = (x: number | null) => (x === null ? null : x - chance.value);
  return {
    layer,
    score: {
      ...own,
      control: { kind: 'any two pictures', ...chance },
      difference: { value: own.value - chance.value, low: less(own.low), high: less(own.high), n: own.n },
    },
    spatial:
      spatial.length < FEWEST || others.length < FEWEST
        ? null
        : {
            ...meanOf(spatial, options),
            control: { kind: 'other features of the layer', ...meanOf(others, options) },
            difference: differenceOf(spatial, others, options),
          },
    top: scored
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, TOP)
      .map(({ index, score }) => ({ id: featureId(layer, index), score })),
    pictures: chance.n,
  };
}
