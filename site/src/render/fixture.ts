import type { Feature, FeatureExamples, Manifest } from '#release/schema/index.ts';
import type { Context } from './context.ts';

/** Records for the tests of the render functions: every part present, small, and with marks that need escaping. */
const claim = (value: number, half: number, n = 400) => ({ value, low: value - half, high: value + half, n });
const table = (a: number, c: number) => ({
  a,
  b: 200 - a,
  c,
  d: 200 - c,
  odds_ratio: (a * (200 - c)) / ((200 - a) * c),
  risk_difference: claim((a - c) / 200, 0.07),
  p: 1e-12,
  log10_p: -12,
  q: 1e-9,
});

export const feature: Feature = {
  id: 'L2F41',
  layer: 2,
  index: 41,
  label: { text: 'left <of> the dog', maker: 'rule', score: null },
  sentence: 'Fires on the words after the picture when the question asks left or right; n = 400 held-out samples.',
  class: 'vision',
  flags: {
    dead: false,
    adapted: true,
    adapted_strict: true,
    suspect: false,
    rotated_shared: true,
    spatial: true,
    decoy: false,
  },
  stages: {
    cos_s_f: 0.67,
    cos_s_d: 0.95,
    cos_d_f: 0.71,
    cos_s_m: 0.9,
    cos_m_f: 0.76,
    cos_s_f2: 0.7,
    cos_f_f2: 0.93,
    cos_s_c: 0.99,
    encoder_s_f: 0.6,
    norm_ratio_s_f: 1.02,
    procrustes_s_f: 0.69,
    control_difference: 0.32,
  },
  preference: claim(0.83, 0.04),
  energy: { vision: 0.4, text: 0.08, image_tokens: 0.1, text_tokens: 0.7 },
  dominance: 0.6,
  latent_scaling: {
    tuned: 0.99,
    tuned_reconstruction: 0.95,
    tuned_error: 0.04,
    base: 0.3,
    base_reconstruction: 0.25,
    base_error: 0.05,
  },
  frequency: { base_text: 0.002, image: 0.04, text: 0.11 },
  max_activation: 4.2,
  histogram: { edges: [0, 1, 2, 3, 4.2], counts: [900, 120, 30, 4] },
  spatial: {
    threshold: 0.01,
    select: table(150, 20),
    heldout: table(146, 24),
    generic_rate: claim(0.4, 0.06),
    word_rate: claim(0.02, 0.02),
    relations: [{ relation: 'left of', aspect: 'relation', auroc: claim(0.91, 0.04) }],
    minimal_pair: { ...claim(1.4, 0.3), control: { kind: 'random feature', ...claim(0.02, 0.2) } },
    paper: { odds_ratio: 4.4, risk_difference: 0.08, kept: true },
  },
  heads: [
    {
      head: 'H1.0',
      status: 'verified',
      estimate: claim(-0.8, 0.1),
      exact: claim(-0.9, 0.1),
      direct: -0.3,
      absolute: 1.2,
    },
    { head: 'H1.6', status: 'estimated', estimate: claim(0.1, 0.04), exact: null, direct: null, absolute: 0.3 },
  ],
  concentration: {
    heads_50: 1,
    heads_80: 2,
    heads_90: 4,
    gini: 0.8,
    top5_share: 0.95,
    random: { heads_50: 3.2, heads_80: 9.1, heads_90: 14, n: 24 },
  },
  causal: [
    {
      test: 'ablate',
      dose: 1,
      task: 'spatial',
      measure: 'log_odds',
      effect: { ...claim(-0.9, 0.3, 150), control: { kind: 'random direction', ...claim(-0.05, 0.2, 150) } },
    },
    {
      test: 'ablate',
      dose: 1,
      task: 'control',
      measure: 'log_odds',
      effect: { ...claim(-0.04, 0.2, 150), control: { kind: 'random direction', ...claim(-0.02, 0.2, 150) } },
    },
  ],
  promoted: [{ token: ' left', id: 7, weight: 0.8 }],
  suppressed: [{ token: '\n', id: 2, weight: -0.2 }],
  neighbours: [{ id: 'L2F9', cosine: 0.4 }],
  matches: [{ id: 'L3F7', correlation: 0.8 }],
};

const image = 'a'.repeat(64);
export const examples: FeatureExamples = {
  id: 'L2F41',
  samples: [
    {
      id: 'scene-1/spatial',
      image,
      grid: { rows: 2, columns: 2 },
      tokens: ['\n', 'USER', ':', ' Is', ' the', ' cat', ' left', '?'],
      family: 'spatial',
      prompt: 'Is the cat left of the dog?',
      answer: 'yes',
      alt: 'A small cat left of a big dog on grass.',
    },
    {
      id: 'scene-1/matched',
      image,
      grid: { rows: 2, columns: 2 },
      tokens: ['\n', 'USER', ':', ' How', ' many', '?'],
      family: 'nonspatial',
      prompt: 'How many?',
      answer: '2',
      alt: null,
    },
  ],
  examples: [
    {
      sample: 0,
      interval: 'top',
      max: 4.2,
      image: { index: [3], value: [2.1] },
      text: { index: [6, 7], value: [4.2, 0.3] },
    },
    {
      sample: 1,
      interval: 'q50',
      max: 1.1,
      image: { index: [], value: [] },
      text: { index: [4], value: [1.1] },
    },
  ],
  pairs: [
    {
      spatial: {
        sample: 0,
        interval: 'top',
        max: 4.2,
        image: { index: [], value: [] },
        text: { index: [6], value: [4.2] },
      },
      matched: { sample: 1, interval: 'top', max: 0, image: { index: [], value: [] }, text: { index: [], value: [] } },
    },
  ],
};

export const manifest: Manifest = {
  schema_version: 1,
  name: 'demo',
  version: '2026.11.0',
  title: 'The demo pair',
  description: 'A toy.',
  date: '2026-11-24',
  authors: [{ name: 'A. Author' }],
  licence: 'Apache-2.0',
  generator: { name: 'parallax', version: '0.1.0' },
  models: [],
  layers: [0, 1, 2],
  features_per_layer: 64,
  stages: ['S', 'D', 'M', 'F', 'F2', 'C'],
  settings: {},
  confidence: 0.95,
  counts: { features: 192, spatial: 3, adapted: 9, heads: 24, examples: 80, images: 20, tokens: 1000, samples: 100 },
  shard_size: 64,
  files: {},
};

export const context: Context = {
  release: 'demo@2026.11.0-0123456789ab',
  newer: null,
  hash: null,
  origin: '',
  summary: null,
};
