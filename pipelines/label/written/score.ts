import type { Random } from '#pipelines/data/index.ts';
import type { HitTokens } from '../facts.ts';
import { activeMarks, type Marks, showHit } from './show.ts';
import type { TextModel } from './text-model.ts';

/** Judgements of a language model that knows a label, against the truth. */
export interface Score {
  /** Mean of the shares judged right among the true and among the false ones; 0.5 is chance. */
  readonly balanced: number;
  readonly n: number;
}

/** A sample to be judged, with the right judgement. */
interface Item {
  readonly shown: string;
  readonly truth: boolean;
}

const DETECT =
  'A feature of a neural network is described. For each numbered sample say whether the feature is active somewhere in it. Answer with one line of numbers, 1 for active and 0 for not, in order, separated by spaces.';
const FUZZ =
  'A feature of a neural network is described. In each numbered sample some places are marked «like this». Say for each whether the marked places are those where the feature is active. Answer with one line of numbers, 1 for right marks and 0 for wrong ones, in order, separated by spaces.';

/** Samples judged in one question. */
const BATCH = 8;

/** The first `count` judgements of an answer; a missing one counts as neither. */
export function parseJudgements(answer: string, count: number): (boolean | undefined)[] {
  const found = answer.match(/(?<![\d.])[01](?![\d.])/g) ?? [];
  return Array.from({ length: count }, (_, i) => (found[i] === undefined ? undefined : found[i] === '1'));
}

async function judge(model: TextModel, system: string, label: string, items: readonly Item[]): Promise<Score> {
  const right = { true: 0, false: 0 };
  const all = { true: 0, false: 0 };
  for (let from = 0; from < items.length; from += BATCH) {
    const batch = items.slice(from, from + BATCH);
    const samples = batch.map(({ shown }, i) => `Sample ${i + 1}\n${shown}`);
    const answer = await model.complete(system, [`Feature: ${label}`, ...samples].join('\n\n'));
    parseJudgements(answer, batch.length).forEach((judgement, i) => {
      const truth = `${batch[i]!.truth}` as 'true' | 'false';
      all[truth] += 1;
      if (judgement === batch[i]!.truth) right[truth] += 1;
    });
  }
  return { balanced: (right.true / all.true + right.false / all.false) / 2, n: items.length };
}

/** Can a reader of the label tell samples on which the feature fires from others? Undefined where either kind is missing. */
export async function detection(
  model: TextModel,
  label: string,
  firing: readonly HitTokens[],
  silent: readonly HitTokens[],
  random: Random,
): Promise<Score | undefined> {
  if (firing.length === 0 || silent.length === 0) return undefined;
  const items = [
    ...firing.map((hit) => ({ shown: showHit(hit, null), truth: true })),
    ...silent.map((hit) => ({ shown: showHit(hit, null), truth: false })),
  ];
  return judge(model, DETECT, label, random.shuffle(items));
}

/** As many marks, on other tokens of the same kind. */
function movedMarks(hit: HitTokens, marks: Marks, random: Random): Marks {
  const move = (count: number, of: number, marked: ReadonlySet<number>) => {
    const free = Array.from({ length: of }, (_, i) => i).filter((i) => !marked.has(i));
    return new Set(random.shuffle(free).slice(0, count));
  };
  const patches = hit.grid ? hit.grid.rows * hit.grid.columns : 0;
  return {
    image: move(marks.image.size, patches, marks.image),
    text: move(marks.text.size, hit.tokens.length, marks.text),
  };
}

/** Can a reader of the label tell right marks from moved ones? Every second sample has its marks moved. */
export async function fuzzing(
  model: TextModel,
  label: string,
  firing: readonly HitTokens[],
  random: Random,
): Promise<Score | undefined> {
  if (firing.length < 2) return undefined;
  const items = random.shuffle(firing).map((hit, i) => {
    const marks = activeMarks(hit);
    const truth = i % 2 === 0;
    return { shown: showHit(hit, truth ? marks : movedMarks(hit, marks, random)), truth };
  });
  return judge(model, FUZZ, label, items);
}
