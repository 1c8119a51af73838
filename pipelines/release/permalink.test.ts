import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPermalink, type Permalink, parsePermalink, SUFFIXES, type Suffix, type Target } from './permalink.ts';

const ID = 'demo@2026.11.0-0123456789ab';
const layer = fc.integer({ min: 0, max: 999 });
const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ kind: fc.constant('feature' as const), layer, index: fc.integer({ min: 0, max: 9_999_999 }) }),
  fc.record({ kind: fc.constant('head' as const), layer, head: layer }),
  fc.record({ kind: fc.constant('report' as const), path: fc.constantFrom('methods', 'demo/limits-2') }),
);
const suffix = fc.option(fc.constantFrom(...(Object.keys(SUFFIXES) as Suffix[])));
const permalink: fc.Arbitrary<Permalink> = fc.record({
  release: fc.constantFrom({ kind: 'id' as const, text: ID }, { kind: 'name' as const, text: 'demo' }),
  target,
  suffix,
  stage: fc.option(fc.constantFrom('S', 'D', 'M', 'F', 'F2', 'C')),
});
const read = (address: string) => {
  const at = address.indexOf('?');
  return at < 0 ? parsePermalink(address) : parsePermalink(address.slice(0, at), address.slice(at));
};

test('every permalink survives being written and read', () => {
  fc.assert(
    fc.property(permalink, (p) => {
      expect(read(formatPermalink(p))).toEqual(p);
    }),
  );
});

test('whatever is read has one spelling', () => {
  const part = fc.constantFrom(
    '/r/',
    'demo',
    ID,
    '/',
    'L3F12',
    'L03F1',
    'H3.5',
    '.json',
    '.csl.json',
    '.bib',
    'report/',
    'a',
    '.',
    '%',
    '\u0000',
    '?stage=F',
    'é',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.string(), (parts, tail) => {
      for (const address of [parts.join(''), parts.join('') + tail]) {
        const found = read(address);
        if (found) expect(formatPermalink(found)).toBe(address.replace(/\?$/, ''));
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['/r/demo', { kind: 'release' }],
  [`/r/${ID}/L12F345`, { kind: 'feature', layer: 12, index: 345 }],
  [`/r/${ID}/H3.5`, { kind: 'head', layer: 3, head: 5 }],
  [`/r/${ID}/H3.5.bib`, { kind: 'head', layer: 3, head: 5 }],
  [`/r/${ID}/report/demo`, { kind: 'report', path: 'demo' }],
])('%s', (address, expected) => expect(read(address)?.target).toEqual(expected));

test.each([
  '/r/',
  '/r/demo/',
  '/r/demo/L01F2',
  '/r/demo/L1F2.exe',
  '/r/demo/.json',
  '/r/Demo/L1F2',
  `/r/${ID}0/L1F2`,
  '/r/demo/L1F2/x',
  '/r/demo/L1F2?stage=X',
  '/r/demo/L1F2?a=1',
  '/r/demo/report/..',
  '/r/demo/L1000F1',
])('refuses %s', (address) => expect(read(address)).toBeNull());
