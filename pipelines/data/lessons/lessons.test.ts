import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import { loadSprites } from '../scene/sprites.ts';
import { THING_NAMES } from '../scene/world.ts';
import { GRID, labelsOf, PATCHES } from './dense.ts';
import { clausesOf, guideText } from './guide.ts';
import { Page, type Special } from './pack.ts';
import { askMixed, denseLesson, type Mixture, pictureLesson } from './pictures.ts';
import { drawOf, isHeldOut } from './split.ts';
import { shareAt, textLesson } from './text.ts';

const special: Special = { bos: 1, eos: 2, image: 3 };
/** A word a token, the same for the same word. */
const words: string[] = ['<unk>', '<s>', '</s>', '<image>'];
const tokenize = (text: string): number[] =>
  (text.match(/\s?\S+/g) ?? []).map((word) => {
    if (!words.includes(word)) words.push(word);
    return words.indexOf(word);
  });
const read = (ids: ArrayLike<number | bigint>) =>
  Array.from(ids, (id) => words[Number(id)]!)
    .join('')
    .trim();
const even = { context: 1, prompt: 1, answer: 1 };

describe('a page', () => {
  it('asks every token for the next, the last of a turn for the end', () => {
    const page = new Page(1, 12, special);
    const turns = [
      { prompt: [10, 11], answer: [12] },
      { prompt: [13], answer: [14, 15] },
    ];
    const answered = page.put(0, { context: [1, 7, 8], turns, apart: true }, even);
    const { feeds, targets } = page.questions();
    expect(page.row(0)).toEqual([1, 7, 8, 10, 11, 12, 13, 14, 15]);
    expect(targets).toEqual([7, 8, 10, 11, 12, 2, 14, 15, 2]);
    expect(Array.from(feeds['positions']!.data, Number).slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 3, 4, 5]);
    expect(Array.from(feeds['turn']!.data, Number).slice(0, 9)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
    expect(answered.map(({ from, to }) => targets.slice(from, to))).toEqual([
      [12, 2],
      [14, 15, 2],
    ]);
  });

  it('counts positions on where turns see each other, and leaves out what does not fit', () => {
    const page = new Page(1, 8, special);
    const turns = [
      { prompt: [10], answer: [11] },
      { prompt: [12], answer: [13] },
      { prompt: [14, 15, 16], answer: [17] },
    ];
    expect(page.put(0, { context: [1], turns, apart: false }, even)).toHaveLength(2);
    const { feeds } = page.questions();
    expect(Array.from(feeds['positions']!.data, Number).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(Array.from(feeds['turn']!.data, Number).every((turn) => turn === 0)).toBe(true);
    expect(page.room(0)).toBe(3);
  });

  it('gives a step only the predictions that count', () => {
    const page = new Page(1, 8, special);
    const turns = [{ prompt: [10], answer: [11] }];
    page.put(0, { context: [1, 5], turns, apart: true }, { context: 0, prompt: 0, answer: 2 });
    const { at, target, weight } = page.feeds();
    expect([Array.from(at!.data, Number), Array.from(target!.data, Number), [...weight!.data]]).toEqual([
      [2, 3],
      [11, 2],
      [2, 2],
    ]);
  });
});

it('every thing is in one held-out pair, and parts keep to them', () => {
  const pairs = THING_NAMES.flatMap((a, i) => THING_NAMES.slice(i + 1).filter((b) => isHeldOut(a, b)));
  expect(pairs).toHaveLength(8);
  for (const name of THING_NAMES) expect(THING_NAMES.filter((other) => isHeldOut(name, other))).toHaveLength(1);
  for (let i = 0; i < 40; i += 1)
    for (const part of ['train', 'pairs'] as const) {
      const { objects } = drawOf(part, random(i, part));
      const held = objects.some((a) => objects.some((b) => a !== b && isHeldOut(a.name, b.name)));
      expect(held).toBe(part === 'pairs');
    }
});

describe('lessons', () => {
  const text = {
    ...{ rows: 3, length: 120, questions: 4, together: 0, stories: 0, story: 0.5, keep: { count: 0.5 } },
    relations: { least: 0.1, from: 0.2, to: 0.4 },
    emphasis: { context: 0.25, prompt: 0.1, answer: 3 },
  };
  const stories = [tokenize('Once upon a time there was a cat.')];
  const mixture: Mixture = {
    families: { spatial: 1, nonspatial: 1, generic: 0, grounded: 0 },
    keep: { exists: 0, count: 0 },
  };
  const pictures = { ...text, mixture, length: 150 };

  it('of text depend on seed and step alone, and ask what their text answers', () => {
    const one = textLesson(text, stories, tokenize, special, 1, 5, 0);
    expect(textLesson(text, stories, tokenize, special, 1, 5, 0)).toEqual(one);
    expect(textLesson(text, stories, tokenize, special, 1, 6, 0)).not.toEqual(one);
    const row = read(one['ids']!.data.subarray(0, 120));
    expect(row).toMatch(/^<s>There is an? .*USER: .*ASSISTANT: /s);
    const weights = new Set(Array.from(one['weight']!.data as Float32Array, (w) => Number(w.toFixed(3))));
    expect([...weights].every((w) => [0.25, 0.1, 3, 0.5].includes(w))).toBe(true);
  });

  it('of pictures show the words’ things where the guide looks, and the control reads the same words', async () => {
    const source = { sprites: await loadSprites(), stories, tokenize, special };
    const seen = pictureLesson(pictures, source, true, 1, 0);
    const blind = pictureLesson(pictures, source, false, 1, 0);
    const own = read(seen['ids']!.data.subarray(0, 150)).replaceAll('<image>', '');
    expect(own).toBe(read(blind['ids']!.data.subarray(0, 150 - PATCHES)));
    const look = seen['look']!.data as Float32Array;
    const looking = Array.from({ length: 150 }, (_, at) => look.subarray(at * PATCHES, (at + 1) * PATCHES)).flatMap(
      (row, at) => (row.some((x) => x > 0) ? [read([seen['ids']!.data[at]!])] : []),
    );
    expect(looking.length).toBeGreaterThan(0);
    for (const word of looking) expect(THING_NAMES).toContain(word);
    expect(Object.keys(blind)).not.toContain('pixels');
  });

  it('guide the names of a question to the text, and its answer to the names', () => {
    const known: string[] = [];
    const spell = (text: string) =>
      (text.match(/\n|\w+|[.,:?]/g) ?? []).map((word) => {
        if (!known.includes(word)) known.push(word);
        return known.indexOf(word);
      });
    const before = spell('A story of a cat.');
    const told = spell('There is a big cat at the top left, a dog in the middle. The cat is above the dog.');
    const turns = spell(
      '\nUSER: Where is the dog?\nASSISTANT: there\nUSER: Is the cat left of the dog?\nASSISTANT: yes',
    );
    const ids = [...before, ...told, ...turns];
    const look = () => new Float32Array(ids.length ** 2);
    const looks = { size: look(), said: look(), named: look(), first: look(), last: look() };
    const place = { row: 0, start: before.length, length: ids.length };
    guideText(looks, place, ids, told.length, clausesOf(spell));
    const found = (which: keyof typeof looks) =>
      ids.flatMap((id, at) => {
        const places = ids.filter((_, i) => looks[which][at * ids.length + i] === 1);
        return places.length > 0 ? [`${known[id]} > ${places.map((i) => known[i]).join(' ')}`] : [];
      });
    expect(found('size')).toEqual(['cat > big']);
    expect(found('said')).toEqual(['dog > middle', 'cat > top left above', 'dog > middle']);
    expect(found('named')).toEqual(['dog > dog dog', 'cat > cat cat', 'dog > dog dog']);
    expect(found('first')).toEqual([': > dog', 'there > dog', ': > cat', 'yes > cat']);
    expect(found('last')).toEqual([': > dog', 'yes > dog']);
  });

  it('let relations in between two moments of the training', () => {
    const shares = [0, 0.2, 0.3, 0.4, 1].map((moment) => shareAt(text, 'compare', moment));
    for (const [i, share] of [0.1, 0.1, 0.55, 1, 1].entries()) expect(shares[i]).toBeCloseTo(share, 9);
    expect([shareAt(text, 'count', 0), shareAt(text, 'place', 0)]).toEqual([0.5, 1]);
    const asks = (moment: number) => read(textLesson(text, stories, tokenize, special, 1, 5, moment)['ids']!.data);
    const relations = (words: string) => words.match(/left of|right of|above|below|over|under/g)?.length ?? 0;
    expect(relations(asks(1))).toBeGreaterThan(relations(asks(0)));
  });

  it('keep the share of kinds', () => {
    const kinds = Array.from({ length: 300 }, (_, i) => {
      const draws = random(i, 'kinds');
      return askMixed(draws, drawOf('train', draws), mixture).kind;
    });
    expect(new Set(kinds).has('compare')).toBe(true);
    expect(kinds.some((kind) => kind === 'exists' || kind === 'count' || kind === 'list')).toBe(false);
  });

  it('label the patches that a thing covers with it and its centre', async () => {
    const sprites = await loadSprites();
    const scene = {
      objects: [{ name: 'cat', size: 'big', px: 38, x: 24, y: 88 } as const],
      background: 'blue',
    };
    const { thing, size, place, ground } = labelsOf(scene, sprites);
    const middle = Math.floor(88 / 16) * GRID + Math.floor(24 / 16);
    expect([thing[middle], size[middle], ground]).toEqual([1, 2, 1]);
    expect([place[2 * middle], place[2 * middle + 1]]).toEqual([24 / 56 - 1, 88 / 56 - 1].map(Math.fround));
    expect([thing[6], size[6]]).toEqual([0, 0]);
    expect(place[12]).toBeCloseTo(104 / 56 - 1, 6);
    const feeds = denseLesson(2, sprites, 'train', 0, 0);
    const on = feeds['onThing']!.data as Float32Array;
    expect(on.reduce((a, b) => a + b, 0)).toBeGreaterThan(8);
    on.forEach((flag, i) => {
      expect(Number(feeds['word']!.data[i]) < THING_NAMES.length).toBe(flag === 1);
    });
  });
});
