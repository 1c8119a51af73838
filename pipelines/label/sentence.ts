import { bestRelation, type Evidence, percent, sayRelationEffect, sayToken } from './evidence.ts';
import type { ExampleFacts } from './facts.ts';

type Clause = (evidence: Evidence, facts: ExampleFacts) => string | undefined;

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const inWords = (n: number): string => NUMBERS[n] ?? String(n);
const degrees = (cosine: number): number => Math.round((Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI);
const signed = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(2)}`;

/** Named in a list where it has at least this share. */
const NAMED = 0.2;
const NAMES = 3;
const list = (items: readonly { name: string; share: number }[], say: (name: string) => string): string =>
  items
    .filter(({ share }) => share >= NAMED)
    .slice(0, NAMES)
    .map(({ name }) => say(name))
    .join(', ');

const fires: Clause = (_, facts) => {
  const { fired, samples, on_image, shows, peak_tokens, families } = facts;
  if (fired === 0) return `fires on none of ${samples} held-out samples`;
  const often = `fires on ${percent(fired / samples)} of ${samples} held-out samples`;
  if (on_image >= 0.5) {
    const shown = list(shows, (name) => (name === 'ground' ? 'ground' : `the ${name}`));
    return `${often}, mostly on patches of the picture${shown ? ` (${shown})` : ''}`;
  }
  const tokens = list(peak_tokens, sayToken);
  const [family] = families;
  const where = family && family.share > 0.5 && family.name !== 'text' ? ` of ${family.name} prompts` : '';
  return `${often}, ${tokens ? `strongest on ${tokens}${where}` : `on many words${where}`}`;
};

const turned: Clause = ({ stages: { cos_s_f, cos_s_c } }) => {
  const tuned = degrees(cos_s_f);
  const said = `turned by ${tuned} degrees in fine-tuning`;
  if (cos_s_c === null) return `${said} (no control)`;
  const control = degrees(cos_s_c);
  return `${said}, ${control} in the text-only control${tuned > control ? '' : ' (not distinguishable from the control)'}`;
};

const spatial: Clause = (evidence) => {
  const { spatial: found, flags } = evidence;
  if (!found) return undefined;
  const { a, b, c, d, risk_difference: difference } = found.heldout;
  const n = a + b + c + d;
  if (flags.decoy) return 'its firing on spatial questions is explained by their words alone';
  if (!flags.spatial) return `no evidence that it is spatial (n = ${n})`;
  const rates = `fires under ${percent(a / (a + b))} of spatial and ${percent(c / (c + d))} of matched questions on the same pictures`;
  const interval =
    difference.low === null || difference.high === null
      ? ''
      : `, difference ${percent(difference.low)} to ${percent(difference.high)}`;
  const best = bestRelation(evidence);
  const told = best ? `, and tells whether ${sayRelationEffect(best)} (AUROC ${best.auroc.value.toFixed(2)})` : '';
  return `${rates} (n = ${n} held-out${interval})${told}`;
};

const fed: Clause = ({ concentration, heads }) => {
  if (!concentration) return undefined;
  const { heads_80, random } = concentration;
  const strongest = [...heads].sort((x, y) => Math.abs(y.estimate.value) - Math.abs(x.estimate.value));
  const layers = [...new Set(strongest.slice(0, heads_80).map(({ head }) => head.slice(1).split('.')[0]))];
  const where = layers.length === 1 && heads.length >= heads_80 ? ` of layer ${layers[0]}` : '';
  const noun = heads_80 === 1 ? 'head' : 'heads';
  const control = random ? ` (${random.heads_80.toFixed(1)} for random features)` : '';
  return `${inWords(heads_80)} ${noun}${where} ${heads_80 === 1 ? 'carries' : 'carry'} 80 % of its input${control}`;
};

const causes: Clause = ({ causal }) => {
  const test = causal.find((c) => c.test === 'ablate' && c.task === 'spatial' && c.measure === 'log_odds');
  if (!test) return undefined;
  const { value, control, n } = test.effect;
  const beside = control ? `, by ${signed(control.value)} without a random direction` : '';
  return `without it the log-odds of right spatial answers change by ${signed(value)}${beside} (n = ${n})`;
};

const CLAUSES: readonly Clause[] = [fires, turned, spatial, fed, causes];

/** The one sentence that is true of a feature, made by rule from its evidence; each clause says its n or its control. */
export function featureSentence(evidence: Evidence, facts: ExampleFacts): string {
  const said = CLAUSES.flatMap((clause) => clause(evidence, facts) ?? []);
  const text = said.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
