import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CITE_FORMATS, type Citable, type CiteFormat, cite } from './cite.ts';
import { jsonLd, turtle } from './linked.ts';

const citable = (title = 'left of 100% & more'): Citable => ({
  releaseId: 'demo@2026.11.0-0123456789ab',
  target: { kind: 'feature', layer: 3, index: 12 },
  title,
  hash: 'a'.repeat(64),
  manifest: {
    title: 'Demo atlas',
    date: '2026-11-24',
    authors: [{ name: 'Ada B.' }, { name: 'C. Dee' }],
    version: '2026.11.0',
    licence: 'CC0-1.0',
    description: 'x',
  },
  origin: 'https://example.org',
});

test('every form names the release, the record hash, the date and the permalink', () => {
  for (const format of Object.keys(CITE_FORMATS) as CiteFormat[]) {
    const text = cite(format, citable());
    for (const part of [
      'demo@2026.11.0-0123456789ab',
      'a'.repeat(64),
      '2026',
      'https://example.org/r/demo@2026.11.0-0123456789ab/L3F12',
    ])
      expect(text, `${format}: ${part}`).toContain(part);
  }
});

test('BibTeX', () => {
  expect(cite('bibtex', citable())).toBe(`@misc{demo-2026.11.0-0123456789ab-L3F12,
  author = {{Ada B.} and {C. Dee}},
  title = {{Feature L3F12: left of 100\\% \\& more}},
  year = {2026},
  month = {11},
  version = {2026.11.0},
  howpublished = {Demo atlas},
  url = {https://example.org/r/demo@2026.11.0-0123456789ab/L3F12},
  note = {Release demo@2026.11.0-0123456789ab, sha256 ${'a'.repeat(64)}},
}
`);
});

test('APA', () => {
  expect(cite('apa', citable())).toMatch(
    /^Ada B\., & C\. Dee \(2026-11-24\)\. Feature L3F12: left of 100% & more \(Version 2026\.11\.0\) \[Data set\]\. Demo atlas\./,
  );
});

test('no label breaks a form', () => {
  const title = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('{', '}', '\\', '\n', '\r', '%', '"', 'ER  - ', '\u2028') }),
  );
  fc.assert(
    fc.property(title, (text) => {
      const c = citable(text);
      const bib = cite('bibtex', c);
      const depth = [...bib.replaceAll(/\\[{}]/g, '')].reduce(
        (d, ch) => d + Number(ch === '{') - Number(ch === '}'),
        0,
      );
      expect(depth).toBe(0);
      expect(
        cite('ris', c)
          .split('\r\n')
          .every((line) => line === '' || /^[A-Z][A-Z0-9] {2}- [^\r\n]*$/.test(line)),
      ).toBe(true);
      expect(JSON.parse(cite('csl-json', c))[0].title).toBe(`Feature L3F12: ${text}`);
      expect(cite('apa', c).split('\n')).toHaveLength(2);
      expect(turtle(c).split('\n')).toHaveLength(turtle(citable()).split('\n').length);
      expect(jsonLd(c)['name']).toBe(`Feature L3F12: ${text}`);
    }),
  );
});
