import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bits } from './search/bits.ts';
import { selectAll, selectPage } from './select.ts';
import { TopK } from './top-k.ts';

test('the heap keeps the first k of any numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 })), fc.integer({ min: 0, max: 12 }), (items, k) => {
      const top = new TopK(k, (a, b) => a - b);
      for (const item of items) top.add(item);
      expect(top.sorted()).toEqual([...items].sort((a, b) => a - b).slice(0, k));
    }),
  );
});

test('pages put together are the whole selection, in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      (values, limit, descending) => {
        const kept = new Bits(values.length);
        for (const [i, value] of values.entries()) if (value !== 3) kept.add(i);
        const selection = {
          count: values.length,
          kept,
          compare: (a: number, b: number) => (descending ? values[b]! - values[a]! : values[a]! - values[b]!) || a - b,
        };
        const all: number[] = [];
        for (let after: number | null = null; ; ) {
          const page: ReturnType<typeof selectPage> = selectPage(selection, limit, after);
          expect(page.total).toBe(values.filter((v) => v !== 3).length);
          all.push(...page.ordinals);
          if (!page.more) break;
          after = page.ordinals.at(-1)!;
        }
        expect(all).toEqual(selectAll(selection));
      },
    ),
  );
});
