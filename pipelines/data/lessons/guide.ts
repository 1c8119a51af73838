import { THING_NAMES } from '../scene/world.ts';
import type { Tokenize } from './pack.ts';

/** The first token of a thing's name -> its label in `Labels.thing`. */
export const namesOf = (tokenize: Tokenize): ReadonlyMap<number, number> =>
  new Map(THING_NAMES.map((name, i) => [tokenize(` ${name}`)[0]!, i + 1]));

/** Words that end a clause. */
const ENDS = [',', '.', ' and'];

/** The tokens that say where a thing's clause begins and ends. */
export interface Clauses {
  readonly names: ReadonlyMap<number, number>;
  readonly ends: ReadonlySet<number>;
}
export const clausesOf = (tokenize: Tokenize): Clauses => ({
  names: namesOf(tokenize),
  ends: new Set(ENDS.map((word) => tokenize(word)[0]!)),
});

/**
 * Where a word of a question that names a thing looks in a told scene: at what the text says of the thing, from its name to the end of
 * the clause. Writes 1s into `look` `[rows, length, length]`.
 *
 * @param ids of the row, whose first `context` ids tell the scene
 */
export function guideText(
  look: Float32Array,
  row: number,
  length: number,
  ids: readonly number[],
  context: number,
  { names, ends }: Clauses,
): void {
  const said = new Map<number, number[]>();
  for (let i = 0; i < context; i += 1) {
    const thing = names.get(ids[i]!);
    if (thing === undefined) continue;
    const places = said.get(thing) ?? [];
    said.set(thing, places);
    for (let j = i + 1; j < context && !ends.has(ids[j]!); j += 1) places.push(j);
  }
  for (let at = context; at < ids.length; at += 1)
    for (const place of said.get(names.get(ids[at]!) ?? 0) ?? []) look[(row * length + at) * length + place] = 1;
}
