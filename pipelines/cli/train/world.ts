import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import type { Special, Tokenize } from '../../data/lessons/index.ts';
import type { Sprites } from '../../data/scene/render.ts';
import { loadSprites } from '../../data/scene/sprites.ts';
import { linesOf, STORIES } from '../../data/sets/text.ts';
import { openWords } from '../../models/words.ts';

/** The committed pair: its tokenizer is an input of the training, its graphs are the templates of the export. */
export const TEMPLATE = join(PACKAGE_ROOT, 'fixtures/demo');
const SPECIAL: Special = { bos: 1, eos: 2, image: 3 };
/** One story in ten is held out. */
const EVERY = 10;

/** What lessons are made from. */
export interface World {
  readonly tokenize: Tokenize;
  readonly special: Special;
  readonly sprites: Sprites;
  /** Token ids of stories. */
  readonly stories: readonly (readonly number[])[];
  readonly heldOutStories: readonly (readonly number[])[];
}

/** Remembers short texts: questions and answers come again and again. */
function remembered(tokenize: Tokenize): Tokenize {
  const known = new Map<string, number[]>();
  return (text) => {
    const found = known.get(text) ?? tokenize(text);
    if (text.length < 100) known.set(text, found);
    return found;
  };
}

export async function openWorld(): Promise<World> {
  const words = await openWords(join(TEMPLATE, 'base'), { lists: false });
  const tokenize = remembered(words.tokenize);
  const all = linesOf(await readFile(STORIES, 'utf8')).map((line) => tokenize(line));
  return {
    tokenize,
    special: SPECIAL,
    sprites: await loadSprites(),
    stories: all.filter((_, i) => i % EVERY !== EVERY - 1),
    heldOutStories: all.filter((_, i) => i % EVERY === EVERY - 1),
  };
}
