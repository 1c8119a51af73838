import { alignedName } from './cosines.ts';
import { competitionQ } from './statistics/index.ts';

/** Arrays over the features of all layers, layer by layer; null where a run has not that stage. */
export type ArrayOf = (name: string) => Float64Array | null;

/** Stages that F and F2 would be exchangeable with, had the model not learnt to see: the base, or the text-only control, on the same words. */
const UNSEEING = ['D', 'C'] as const;

/**
 * q of every feature's change between an unseeing stage and F being no more than the noise of adapting a dictionary twice.
 * D, F and F2 are three adaptations of one dictionary; where the model has not changed, each of them is the odd one out with
 * chance 1/3, by whatever margin. Where it has, F and F2 agree and D is left alone. Margin: cosine of the pair that agrees,
 * less the larger one of the other two, after Procrustes alignment of each pair. The same with C for D; a run that has both
 * asks for both, and q is the larger. 1 for the dead; null where a run has no F2, or neither D nor C.
 */
export function rotationQ(of: ArrayOf, dead: ArrayLike<number>): Float64Array | null {
  const seeds = of(alignedName('F', 'F2'));
  const tests = UNSEEING.flatMap((stage) => {
    const [first, second] = [of(alignedName(stage, 'F')), of(alignedName(stage, 'F2'))];
    return seeds && first && second ? [oddOneOut(seeds, first, second, dead)] : [];
  });
  if (tests.length === 0) return null;
  return Float64Array.from(dead, (_, i) => Math.max(...tests.map((q) => q[i]!)));
}

/** q of being left alone by a pair that agrees, from the three cosines of every living feature. */
function oddOneOut(
  agree: Float64Array,
  first: Float64Array,
  second: Float64Array,
  dead: ArrayLike<number>,
): Float64Array {
  const ids = Array.from(dead, (_, i) => i).filter((i) => !dead[i]);
  const margin = (i: number): number => {
    const [, middle, high] = [agree[i]!, first[i]!, second[i]!].sort((a, b) => a - b) as [number, number, number];
    return high - middle;
  };
  const alone = (i: number): number => (agree[i]! > Math.max(first[i]!, second[i]!) ? 1 : 0);
  const found = competitionQ(ids.map(alone), ids.map(margin), 1 / 3);
  const q = new Float64Array(dead.length).fill(1);
  for (const [k, i] of ids.entries()) q[i] = found[k]!;
  return q;
}
