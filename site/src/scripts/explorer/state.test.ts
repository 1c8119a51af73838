import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_STATE, formatState, parseState } from './state.ts';

const column = fc.stringMatching(/^[a-z0-9_]{1,12}$/);
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0);
const state = fc.record({
  query: fc.string({ maxLength: 40 }).map((text) => text.toWellFormed()),
  ranges: fc
    .array(fc.tuple(column, real, real), { maxLength: 4 })
    .map((list) => new Map(list.map(([name, a, b]) => [name, [Math.min(a, b), Math.max(a, b)] as const]))),
  flags: fc.array(column, { maxLength: 3 }),
  x: column,
  y: column,
  colour: column,
  sort: column,
  descending: fc.boolean(),
  eps: fc.option(real),
  percentile: fc.option(real),
  strict: fc.boolean(),
});

describe('explorer state', () => {
  it('is what its address says, for every state', () => {
    fc.assert(
      fc.property(state, (one) => {
        expect(parseState(new URLSearchParams(formatState(one)))).toEqual(one);
      }),
    );
  });
  it('has an empty address by default', () => {
    expect(formatState(DEFAULT_STATE)).toBe('');
    expect(parseState(new URLSearchParams(''))).toEqual(DEFAULT_STATE);
  });
  it('reads any address without failing', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (text) => {
        expect(parseState(new URLSearchParams(text)).x).toBeTypeOf('string');
      }),
    );
    expect(parseState(new URLSearchParams('in.cos_s_f=2~1&in.x!=1~2&layer=3')).ranges).toEqual(
      new Map([['layer', [3, 3]]]),
    );
  });
});
