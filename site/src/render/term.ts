import { type Html, html, type Part } from './html.ts';

/** Glossary: what a word of this field means here, in one sentence. The methods page lists all of them. */
export const TERMS = {
  feature:
    'A direction in the model’s residual stream that a sparse autoencoder learnt; it fires (is positive) on few tokens.',
  'residual stream':
    'The vector that every block of the model reads and adds to, one for each token; taken here after a block.',
  'decoder row':
    'The direction that a feature writes when it fires. Its turn between two stages is the feature’s rotation.',
  cosine: 'Cosine of the angle between two directions: 1 is the same direction, 0 a right angle.',
  control:
    'The same measurement where the effect should not be: another seed, a fine-tune without pictures, a random head or direction.',
  interval:
    'Percentile bootstrap or Wilson-type interval over samples (never tokens), at the confidence of the release.',
  'vision preference':
    'Energy of a feature on pictures with words, as a share of that plus its energy on words alone; 0.5 is none.',
  adapted: 'Active on the multimodal stream and turned more than three quarters of all features (the paper’s rule).',
  spatial:
    'Fires on more samples under spatial questions than under matched ones, chosen on one half of the samples and confirmed on the other.',
  decoy: 'Passes the spatial test, but the spatial word alone explains it.',
  'odds ratio': 'Odds of firing under spatial questions divided by the odds under matched ones; 1 is no difference.',
  'risk difference': 'Share of samples that fire it under spatial questions minus the share under matched ones.',
  q: 'p value after Benjamini-Hochberg over all features: the expected share of false finds among those at least as small.',
  AUROC: 'Chance that a sample with the property has the higher activation than one without; 0.5 is chance.',
  'log-odds': 'Logarithm (natural) of how much likelier the right answer is than its opposite.',
  estimated: 'By attribution patching: one gradient, a linear estimate of what patching the head would do.',
  verified: 'By exact patching: the head’s output was replaced by that of the corrupt run and the change measured.',
  direct: 'What the head itself writes along the feature’s direction, without the paths through later layers.',
  FVU: 'Fraction of variance unexplained by the dictionary: 0 is perfect, 1 is no better than the mean.',
  L0: 'Mean number of features that fire on a token.',
} as const;

export type Term = keyof typeof TERMS;

export const termAnchor = (term: Term): string => `term-${term.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;

/** A word that links to its definition; the browser shows the definition in place. */
export const term = (word: Term, text: Part = word): Html =>
  html`<a class="term" href="/methods/#${termAnchor(word)}" data-term="${TERMS[word]}">${text}</a>`;
