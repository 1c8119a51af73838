import { describe, expect, it } from 'vitest';
import { context, feature } from './fixture.ts';
import { bestMatches, matchedFeatures } from './matched.ts';

const matches = [
  { id: 'L1F4', correlation: 0.3 },
  { id: 'L3F7', correlation: 0.8 },
  { id: 'L1F2', correlation: 0.5 },
];

describe('matched features', () => {
  it('takes the best of each layer, by layer', () => {
    expect(bestMatches({ matches }).map(({ id }) => id)).toEqual(['L1F2', 'L3F7']);
    expect(bestMatches({ matches: [] })).toEqual([]);
  });
  it('says what each does, the feature itself among them, and leaves out what is not at hand', () => {
    const other = { ...feature, id: 'L3F7', layer: 3, index: 7, label: { ...feature.label, text: 'right <of>' } };
    const shown = matchedFeatures({ ...feature, matches }, { ...context, matched: new Map([['L3F7', other]]) });
    const text = shown ? shown.text : '';
    expect(text.match(/<tr/g)).toHaveLength(3);
    expect(text).toContain('right &lt;of&gt;</td><td>0.80</td>');
    expect(text.indexOf('L2F41')).toBeLessThan(text.indexOf('L3F7'));
    expect(text).toContain('<td>48°</td><td class="iv-control">8°</td>');
    expect(matchedFeatures(feature, context)).toBe(false);
  });
});
