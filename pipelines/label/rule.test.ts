import { describe, expect, it } from 'vitest';
import type { Evidence } from './evidence.ts';
import type { ExampleFacts } from './facts.ts';
import { featureLabel } from './rule.ts';
import { featureSentence } from './sentence.ts';

const facts: ExampleFacts = {
  feature: 7,
  fired: 50,
  samples: 200,
  hits: 16,
  on_image: 0.1,
  peak_tokens: [
    { name: ' left', share: 0.6 },
    { name: ' right', share: 0.3 },
    { name: '?', share: 0.1 },
  ],
  before_peak: [{ name: ' the', share: 0.4 }],
  shows: [],
  grounds: [],
  places: [],
  families: [{ name: 'spatial', share: 0.9 }],
};
const estimate = (value: number, low: number, high: number) => ({ value, low, high, n: 400 });
const table = { a: 180, b: 20, c: 20, d: 180, odds_ratio: 81, risk_difference: estimate(0.8, 0.74, 0.86) };
const evidence = {
  id: 'L2F7',
  flags: { spatial: true, decoy: false },
  stages: { cos_s_f: Math.cos((48 * Math.PI) / 180), cos_s_c: Math.cos((6 * Math.PI) / 180) },
  spatial: {
    heldout: table,
    relations: [
      { relation: 'left of', aspect: 'relation', auroc: estimate(0.9, 0.8, 0.95) },
      { relation: 'cat', aspect: 'subject', auroc: estimate(0.95, 0.4, 1) },
    ],
  },
  heads: ['H2.0', 'H2.1', 'H2.5'].map((head, i) => ({ head, estimate: { value: 3 - i } })),
  concentration: { heads_80: 3, random: { heads_80: 11.2 } },
  causal: [
    {
      test: 'ablate',
      task: 'spatial',
      measure: 'log_odds',
      effect: { value: -1.5, n: 150, control: { value: 0.02 } },
    },
  ],
} as unknown as Evidence;

describe('the sentence', () => {
  it('says where a feature fires, how it turned, what feeds it, each with control and n', () => {
    expect(featureSentence(evidence, facts)).toBe(
      'Fires on 25 % of 200 held-out samples, strongest on “left”, “right” of spatial prompts; ' +
        'turned by 48 degrees in fine-tuning, 6 in the text-only control; ' +
        'fires under 90 % of spatial and 10 % of matched questions on the same pictures ' +
        '(n = 400 held-out, difference 74 % to 86 %), and tells whether the one thing is left of the other (AUROC 0.90); ' +
        'three heads of layer 2 carry 80 % of its input (11.2 for random features); ' +
        'without it the log-odds of right spatial answers change by −1.50, by +0.02 without a random direction (n = 150).',
    );
  });

  it('says that there is no evidence, and when the control is as large', () => {
    const plain = {
      ...evidence,
      flags: { spatial: false, decoy: false },
      stages: { cos_s_f: 0.99, cos_s_c: 0.98 },
      concentration: null,
      causal: [],
    } as unknown as Evidence;
    expect(featureSentence(plain, { ...facts, fired: 0 })).toBe(
      'Fires on none of 200 held-out samples; turned by 8 degrees in fine-tuning, 11 in the text-only control ' +
        '(not distinguishable from the control); no evidence that it is spatial (n = 400).',
    );
    const decoy = { ...plain, flags: { spatial: false, decoy: true } } as Evidence;
    expect(featureSentence(decoy, facts)).toContain('explained by their words alone');
  });
});

describe('the rule-made label', () => {
  const label = (e: Evidence, f: ExampleFacts) => featureLabel(e, f).text;
  const dull = { ...evidence, flags: { spatial: false, decoy: false } } as Evidence;

  it.each([
    ['spatial evidence', evidence, facts, 'Spatial question: left of, at “left”, “right”'],
    ['words', dull, facts, 'Word: “left”, “right”'],
    ['a thing in the picture', dull, { ...facts, on_image: 0.8, shows: [{ name: 'cat', share: 0.7 }] }, 'Picture: cat'],
    [
      'ground of a colour in a place',
      dull,
      {
        ...facts,
        on_image: 0.8,
        shows: [{ name: 'ground', share: 0.9 }],
        grounds: [{ name: 'red', share: 0.8 }],
        places: [{ name: 'top left', share: 0.7 }],
      },
      'Picture: ground, red, top left',
    ],
    [
      'a word after another',
      dull,
      { ...facts, before_peak: [{ name: ' to the', share: 0.7 }] },
      'Word: “left”, “right” after “to the”',
    ],
    [
      'many things',
      dull,
      { ...facts, on_image: 0.8, shows: [{ name: 'cat', share: 0.1 }] },
      'Picture: patches of many things',
    ],
    ['a line break', dull, { ...facts, peak_tokens: [{ name: '\n', share: 1 }] }, 'Word: line break'],
    ['nothing in common', dull, { ...facts, peak_tokens: [] }, 'Many words, spatial prompts'],
    ['silence', evidence, { ...facts, fired: 0 }, 'Silent on held-out samples'],
  ])('comes from %s', (_, e, f, text) => {
    expect(label(e, f)).toBe(text);
    expect(featureLabel(e, f)).toMatchObject({ maker: 'rule', score: null });
  });
});
