import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { random } from '../random.ts';
import { tellScene } from '../scene/told.ts';
import type { DatasetRule } from './rule.ts';

/** Stories told by the demo pair's own base model, one a line (see `../stories/`). */
export const STORIES = fileURLToPath(new URL('../../../fixtures/text/stories.txt', import.meta.url));

/** One sample in five is a story, as in the base's own training; the rest are scenes told in words. */
const EVERY = 5;

/** Non-empty lines of a text. */
export const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== '');

/** Base text of the demo pair. Stories follow one another from a seeded start, so that none comes twice before all came. */
export const demoText: DatasetRule = {
  pictures: false,
  needsPath: false,
  files: () => ({ stories: STORIES }),
  async open() {
    const stories = linesOf(await readFile(STORIES, 'utf8'));
    return (seed, index) => {
      const draws = random(seed, 'demo-text', index);
      const start = random(seed, 'demo-text').int(0, stories.length - 1);
      const isStory = index % EVERY === EVERY - 1;
      const text = isStory ? stories[(start + Math.floor(index / EVERY)) % stories.length]! : tellScene(draws);
      return { id: `demo-text/${index}`, prompt: text, plain: true };
    };
  },
};
