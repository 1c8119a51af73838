import type { Label } from '#release/schema/feature.ts';
import { bestRelation, type Evidence, sayToken } from './evidence.ts';
import type { ExampleFacts } from './facts.ts';

type Rule = (evidence: Evidence, facts: ExampleFacts) => string | undefined;

/** A token or a thing is named where it has at least this share of the strongest hits. */
const NAMED = 0.2;
/** A feature is of the picture where at least this share of its activation is on image tokens. */
const MOSTLY = 0.5;
const NAMES = 3;

/** The first of a list, where it makes up most of it. */
const mainly = ([first]: ExampleFacts['places']): string | undefined =>
  first && first.share > MOSTLY && first.name !== '' ? first.name : undefined;

const silent: Rule = (_, { fired }) => (fired === 0 ? 'Silent on held-out samples' : undefined);

/** Chosen and confirmed as spatial: the truth that it tells best, and where it peaks. */
const spatial: Rule = (evidence, facts) => {
  if (!evidence.flags.spatial) return undefined;
  const best = bestRelation(evidence);
  const told = best ? `: ${best.aspect === 'relation' ? '' : `${best.aspect} `}${best.relation}` : '';
  const at = tokensOf(facts);
  return `Spatial question${told}${at ? `, at ${at}` : ''}`;
};

const picture: Rule = (_, { on_image, shows, grounds, places }) => {
  if (on_image < MOSTLY) return undefined;
  const named = shows.filter(({ share }) => share >= NAMED).slice(0, NAMES);
  const things = named.length > 0 ? named.map(({ name }) => name).join(', ') : 'patches of many things';
  const colour = named[0]?.name === 'ground' ? mainly(grounds) : undefined;
  const place = mainly(places);
  return `Picture: ${[things, colour, place].filter((part) => part !== undefined).join(', ')}`;
};

const word: Rule = (_, facts) => {
  const tokens = tokensOf(facts);
  const before = mainly(facts.before_peak);
  return tokens ? `Word: ${tokens}${before ? ` after ${sayToken(before)}` : ''}` : undefined;
};

const family: Rule = (_, { families }) => {
  const [first] = families;
  return first && first.share > MOSTLY ? `Many words, ${first.name} prompts` : 'Many words';
};

function tokensOf({ peak_tokens }: ExampleFacts): string {
  const named = peak_tokens.filter(({ share }) => share >= NAMED).slice(0, NAMES);
  return named.map(({ name }) => sayToken(name)).join(', ');
}

/** The first rule that has something to say names the feature. */
const RULES: readonly Rule[] = [silent, spatial, picture, word, family];

/** The label that is always there: made by rule from a feature's evidence and its strongest hits. */
export function featureLabel(evidence: Evidence, facts: ExampleFacts): Label {
  for (const rule of RULES) {
    const text = rule(evidence, facts);
    if (text) return { text, maker: 'rule', score: null };
  }
  return { text: evidence.id, maker: 'rule', score: null };
}
