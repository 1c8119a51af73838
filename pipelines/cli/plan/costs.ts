import type { Json, Stage } from '../../config/stage.ts';
import { type Rates, streamKey } from './measure.ts';

/** What one stage is expected to take. */
export interface Cost {
  readonly samples: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly bytes: number;
}

/** What the rules below know beside the stage. */
interface Facts {
  readonly rates: Rates;
  readonly dModel: number;
  readonly depth: number;
  readonly heads: number;
  readonly features: number;
  /** Tokens that a stage's inputs hold. */
  readonly tokensIn: number;
  /** Reading one spatial sample through the tuned model, in seconds. */
  readonly read: number;
}

type Settings = Readonly<Record<string, Json>>;
type Rule = (settings: Settings, facts: Facts, stage: Stage) => Partial<Cost>;

const number = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);
/** Tasks that a behaviour is measured on: spatial questions and others. */
const TASKS = 2;
/** Seconds and bytes of writing one feature's card and examples. */
const CARD = 0.002;
const CARD_BYTES = 4000;
/** Forward passes that one pass with gradients costs. */
const GRADIENT = 4;

/** Encodes `samples` of the paired scenes, then passes them through the decoder `times` over. */
const forwards = (samples: number, times: number, { read, rates }: Facts): Partial<Cost> => ({
  samples,
  seconds: samples * (read + times * rates.pass),
});
/** Passes every token of the inputs through an encoder, `times` over. */
const encodes =
  (times: number): Rule =>
  (_settings, { tokensIn, rates }) => ({ tokens: tokensIn, seconds: tokensIn * times * rates.encode });

/** Module -> what it takes. A module without a rule joins small files. */
const RULES: Readonly<Record<string, Rule>> = {
  'activations/harvest.stage.ts': (s, { rates, dModel }, stage) => {
    const samples = number(s['to']) - number(s['from']);
    const rate = rates.read.get(streamKey(stage))!;
    const tokens = Math.round(samples * rates.tokens.get(streamKey(stage))!);
    const width = s['dtype'] === 'float16' ? 2 : 4;
    const layers = (s['layers'] as Json[]).length;
    return {
      samples,
      tokens,
      seconds: rate.start + samples * rate.each,
      bytes: tokens * (layers * dModel * width + 12),
    };
  },
  'sae/train.stage.ts': (s, { rates, dModel, features }) => ({
    tokens: number(s['tokens']),
    seconds: rates.train.start + number(s['tokens']) * rates.train.each,
    bytes: 4 * (2 * dModel * features + dModel + features),
  }),
  // Trains every layer, and reads the stream again for every epoch of it.
  'sae/online.stage.ts': (s, { rates, dModel, features }, stage) => {
    const tokens = number((s['train'] as Settings)['tokens']);
    const layers = (s['layers'] as Json[]).length;
    const read = rates.read.get(streamKey(stage))!;
    const samples = Math.ceil(tokens / rates.tokens.get(streamKey(stage))!);
    const train = layers * (rates.train.start + tokens * rates.train.each);
    return {
      ...{ samples, tokens, seconds: read.start + samples * read.each + train },
      bytes: layers * 4 * (2 * dModel * features + dModel + features),
    };
  },
  'sae/pick.stage.ts': (_s, { dModel, features }) => ({ bytes: 4 * (2 * dModel * features + dModel + features) }),
  'sae/card.stage.ts': encodes(2),
  'diff/diff.stage.ts': encodes(3),
  'spatial/spatial.stage.ts': encodes(1),
  'label/activity.stage.ts': encodes(2),
  'label/examples.stage.ts': encodes(2),
  'label/similar.stage.ts': (s, { tokensIn, rates }) => {
    const layers = (s['layers'] as Json[]).length;
    return { tokens: tokensIn, seconds: 2 * layers * tokensIn * rates.encode };
  },
  'heads/behaviour.stage.ts': (s, facts) => forwards(number(s['samples']), 4 * TASKS, facts),
  'heads/trace.stage.ts': (s, facts) => {
    const verify = s['verify'] as { top: number; random: number; samples: number };
    const patches = (verify.samples * (verify.top + verify.random)) / Math.max(1, number(s['samples']));
    return forwards(number(s['samples']), 2 * (1 + GRADIENT) + patches, facts);
  },
  'heads/ablate.stage.ts': (s, facts) =>
    // All heads go up together from their layer: half of the layers on average, and no logits.
    forwards(
      number(s['samples']) + number(s['controlSamples']) + TASKS * number(s['meanSamples']),
      1 + (facts.depth * facts.heads) / 2,
      facts,
    ),
  'heads/joint.stage.ts': (s, facts) =>
    forwards(number(s['samples']) + number(s['meanSamples']), TASKS * (2 + number(s['draws'])), facts),
  'heads/causal.stage.ts': (s, facts) => {
    const tested = number(s['features']) / facts.depth;
    const runs = (s['doses'] as Json[]).length * (1 + number(s['draws']));
    return forwards(number(s['samples']), TASKS * (1 + tested * runs), facts);
  },
  // Reads its streams once, adapts every layer, and asks and looks at the questions layer by layer.
  'heads/steps.stage.ts': (s, { rates, read, depth }) => {
    const streams = Object.values(s['streams'] as Record<string, Settings>);
    const samples = streams.reduce((sum, { from, to }) => sum + number(to) - number(from), 0);
    const tokens = number((s['train'] as Settings)['tokens']);
    const train = (s['layers'] as Json[]).length * (rates.train.start + tokens * rates.train.each);
    const asked = number((s['asked'] as Settings)['samples']) * (read + (1 + depth) * rates.pass);
    return { samples, tokens, seconds: samples * read + train + asked };
  },
  'heads/attention.stage.ts': (s, facts) => forwards(number(s['samples']), TASKS, facts),
  // The dictionaries of all stages again, and some kilobytes a feature.
  'publish/assemble.stage.ts': (s, { dModel, features }, { inputs }) => {
    const dictionaries = Object.keys(inputs).filter((role) => role.startsWith('sae/')).length;
    const cards = (s['layers'] as Json[]).length * features;
    return { seconds: cards * CARD, bytes: dictionaries * 8 * dModel * features + cards * CARD_BYTES };
  },
};

/** Seconds of a stage that only joins, and of starting any. */
const JOIN = 1;

/** The cost of every stage, in the plan's order. */
export function costsOf(
  stages: readonly Stage[],
  rates: Rates,
  shape: Pick<Facts, 'dModel' | 'depth' | 'heads' | 'features'>,
): Map<string, Cost> {
  const costs = new Map<string, Cost>();
  const harvested = new Map<string, number>();
  const spatial = stages.find(({ name }) => name.startsWith('harvest/tuned/spatial'));
  const read = spatial ? rates.read.get(streamKey(spatial))!.each : 0;
  for (const stage of stages) {
    const tokensIn = Object.values(stage.inputs).reduce((sum, name) => sum + (harvested.get(name) ?? 0), 0);
    const facts: Facts = { ...shape, rates, tokensIn, read };
    const found = RULES[stage.module]?.(stage.settings as Settings, facts, stage) ?? {};
    const cost: Cost = { samples: 0, tokens: 0, bytes: 0, ...found, seconds: JOIN + (found.seconds ?? 0) };
    costs.set(stage.name, cost);
    if (stage.module === 'activations/harvest.stage.ts') harvested.set(stage.name, cost.tokens);
  }
  return costs;
}

/** Seconds that the stages take on `workers` processes: each starts as soon as its inputs are done and a process is free. */
export function makespan(stages: readonly Stage[], seconds: (name: string) => number, workers: number): number {
  const done = new Map<string, number>();
  const free = new Array<number>(workers).fill(0);
  const waiting = [...stages];
  while (waiting.length > 0) {
    const now = Math.min(...free);
    const ready = (stage: Stage) =>
      Math.max(0, ...Object.values(stage.inputs).map((name) => done.get(name) ?? Number.POSITIVE_INFINITY));
    const times = waiting.map((stage) => Math.max(now, ready(stage)));
    const at = times.indexOf(Math.min(...times));
    const [stage] = waiting.splice(at, 1);
    const end = times[at]! + seconds(stage!.name);
    free[free.indexOf(now)] = end;
    done.set(stage!.name, end);
  }
  return Math.max(0, ...free);
}
