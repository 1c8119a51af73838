import { THING_NAMES } from '../scene/world.ts';
import type { Tokenize } from './pack.ts';

/** The first token of a thing's name -> its label in `Labels.thing`. */
export const namesOf = (tokenize: Tokenize): ReadonlyMap<number, number> =>
  new Map(THING_NAMES.map((name, i) => [tokenize(` ${name}`)[0]!, i + 1]));

/** Words that end a clause. */
const ENDS = [',', '.', ' and'];

const SIZES = [' big', ' small'];

/** Words that say where. */
const WHERE = [' top', ' middle', ' bottom', ' left', ' right', ' above', ' over', ' below', ' under'];

/** The tokens by which a told scene and its questions are read. */
export interface Clauses {
  readonly names: ReadonlyMap<number, number>;
  readonly ends: ReadonlySet<number>;
  readonly where: ReadonlySet<number>;
  readonly sizes: ReadonlySet<number>;
  /** What ends a line; the last word before a question; the last word before an answer. */
  readonly line: number;
  readonly asks: number;
  readonly answers: number;
}
const tokensOf = (tokenize: Tokenize, words: readonly string[]): ReadonlySet<number> =>
  new Set(words.map((word) => tokenize(word)[0]!));

export const clausesOf = (tokenize: Tokenize): Clauses => ({
  names: namesOf(tokenize),
  ends: tokensOf(tokenize, ENDS),
  where: tokensOf(tokenize, WHERE),
  sizes: tokensOf(tokenize, SIZES),
  line: tokenize('\n')[0]!,
  asks: tokenize('\nUSER').at(-1)!,
  answers: tokenize('\nASSISTANT').at(-1)!,
});

/** Where heads look in a row of text, each `[rows, length, length]`: see `guideText`. */
export interface Looks {
  readonly size: Float32Array;
  readonly said: Float32Array;
  readonly named: Float32Array;
  readonly first: Float32Array;
  readonly last: Float32Array;
}

/** Places of a thing in a text: where it is named, and the words that say where it is, from its name to the end of the clause. */
interface Places {
  readonly named: number[];
  readonly said: number[];
}

function placesOf(ids: readonly number[], from: number, to: number, { names, ends, where }: Clauses) {
  const all = new Map<number, Places>();
  let subject: Places | undefined;
  for (let i = from; i < to; i += 1) {
    const id = ids[i]!;
    if (ends.has(id)) subject = undefined;
    if (where.has(id)) subject?.said.push(i);
    const thing = names.get(id);
    if (thing === undefined) continue;
    const places = all.get(thing) ?? { named: [], said: [] };
    all.set(thing, places);
    places.named.push(i);
    subject ??= places;
  }
  return all;
}

/**
 * Where a row of a told scene looks, as 1s: a name in the text at the size before it (`size`); a name in a question at the words of the
 * text that say where the thing is (`said`) and at its names there (`named`); the words of an answer at the first thing that their
 * question names, and at the `last` where it names two.
 *
 * @param place row, length of a row, and where in it the lesson begins
 * @param ids of the row up to the lesson's end, of which `context` from the lesson's start tell the scene
 */
export function guideText(
  looks: Looks,
  { row, start, length }: { row: number; start: number; length: number },
  ids: readonly number[],
  context: number,
  clauses: Clauses,
): void {
  const all = placesOf(ids, start, start + context, clauses);
  const mark = (look: Float32Array, at: number, places: readonly number[]) => {
    for (const place of places) look[(row * length + at) * length + place] = 1;
  };
  for (const { named } of all.values())
    for (const at of named) if (clauses.sizes.has(ids[at - 1]!)) mark(looks.size, at, [at - 1]);
  let asked: number[] = [];
  let answering = false;
  for (let at = start + context; at < ids.length; at += 1) {
    const id = ids[at]!;
    if (id === clauses.line) answering = false;
    if (id === clauses.asks) asked = [];
    if (answering) {
      mark(looks.first, at, asked.slice(0, 1));
      if (asked.length > 1) mark(looks.last, at, asked.slice(-1));
    }
    if (id === clauses.answers) answering = true;
    const thing = clauses.names.get(id);
    if (thing === undefined || answering) continue;
    asked.push(at);
    mark(looks.said, at, all.get(thing)?.said ?? []);
    mark(looks.named, at, all.get(thing)?.named ?? []);
  }
}
