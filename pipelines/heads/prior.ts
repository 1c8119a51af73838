import type { Sample } from '#pipelines/data/sample.ts';
import { wilson } from '#pipelines/diff/statistics/index.ts';
import type { PriorRow } from '#release/schema/index.ts';
import type { Answers } from './behaviour.ts';
import { type Intervals, meanEstimate, paired } from './estimate.ts';

/** Fewest questions of a kind that get a row of their own. */
const FEWEST = 8;

/**
 * Language-prior reliance: of the forced choices made with the picture seen, how many stay as they were when it is withheld or
 * swapped, and what that costs, for a family of questions and for each kind in it.
 * @param seen, without answers to the same samples, in order
 */
export function priorRows(
  family: string,
  picture: PriorRow['picture'],
  samples: readonly Sample[],
  seen: Answers,
  without: Answers,
  intervals: Intervals,
): PriorRow[] {
  const all = samples.map((_, i) => i);
  const kinds = [...new Set(samples.map(({ truth }) => truth?.kind ?? 'unknown'))].sort();
  const groups: [string, number[]][] = [
    ['all', all],
    ...kinds.map((kind): [string, number[]] => [
      kind,
      all.filter((i) => (samples[i]!.truth?.kind ?? 'unknown') === kind),
    ]),
  ];
  return groups
    .filter(([, members]) => members.length >= FEWEST)
    .map(([kind, members]) => {
      const change = (of: keyof Answers) =>
        meanEstimate(
          paired(
            members.map((i) => without[of][i]!),
            members.map((i) => seen[of][i]!),
          ),
          intervals,
        );
      const n = members.length;
      const same = members.filter((i) => seen.accuracy[i] === without.accuracy[i]).length;
      return {
        family,
        kind,
        picture,
        reliance: { value: same / n, ...wilson(same, n, intervals.confidence), n },
        accuracy: change('accuracy'),
        log_odds: change('log_odds'),
      };
    });
}
