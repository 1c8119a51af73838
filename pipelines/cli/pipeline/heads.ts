import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { Pair } from './pair.ts';
import { layerName } from './pair.ts';

/** First sample of each use of the paired scenes; far apart, so that what selects never tests. The spatial streams begin at 0. */
const FROM = { trace: 100_000, test: 200_000, mean: 300_000 } as const;

/** Edges kept a feature, attention pictures kept a head, and samples behind attention figures. */
const EDGES = 12;
const VIEWS = 3;
const ATTENTION_SAMPLES = 48;

/** Names of the stages that head tracing builds on. */
export interface HeadInputs {
  /** Joined spatial evidence. */
  readonly spatial: string;
  /** Stage of the F dictionary of a layer. */
  readonly dictionary: (layer: number) => string;
}

export const HEAD_STAGES = {
  targets: 'heads/targets',
  rank: 'heads/rank',
  joint: 'heads/joint',
  behaviour: 'heads/behaviour',
  trace: (layer: number) => `heads/trace/${layerName(layer)}`,
  ablate: (layer: number) => `heads/ablate/${layerName(layer)}`,
  causal: (layer: number) => `heads/causal/${layerName(layer)}`,
  attention: (layer: number) => `heads/attention/${layerName(layer)}`,
} as const;

/** Tracing, ablation and causal tests of the tuned model. */
export function headStages(config: RunConfig, pair: Pair, from: HeadInputs): Stage[] {
  const { heads, seed, confidence, diff } = config;
  const files = { model: pair.folders.tuned };
  const both = { ...files, base: pair.folders.base };
  const intervals = { rounds: diff.bootstrap, confidence };
  const all = Array.from({ length: pair.depth }, (_, layer) => layer);
  const test = { seed, from: FROM.test, samples: heads.ablate.samples };
  const mean = { meanFrom: FROM.mean, meanSamples: heads.ablate.means };
  const stage = (name: string, module: string, settings: Json, more: Partial<Stage> = {}): Stage => ({
    name,
    version: 1,
    settings,
    inputs: {},
    files,
    module: `heads/${module}.stage.ts`,
    ...more,
  });
  const { targets, rank } = HEAD_STAGES;
  const dictionary = (layer: number) => ({ targets, sae: from.dictionary(layer) });
  return [
    stage(targets, 'targets', { count: heads.features, seed }, { inputs: { spatial: from.spatial }, files: {} }),
    ...pair.layers.map((layer) =>
      stage(
        HEAD_STAGES.trace(layer),
        'trace',
        {
          layer,
          seed,
          from: FROM.trace,
          samples: heads.samples,
          target: heads.target,
          corrupt: heads.corrupt,
          verify: heads.verify,
        },
        { inputs: dictionary(layer) },
      ),
    ),
    stage(
      rank,
      'rank',
      { heads: pair.heads, layers: pair.depth, edges: EDGES, seed, ...intervals },
      { inputs: Object.fromEntries(pair.layers.map((l) => [layerName(l), HEAD_STAGES.trace(l)])), files: {} },
    ),
    ...all.map((layer) => stage(HEAD_STAGES.ablate(layer), 'ablate', { layer, ...test, ...mean })),
    stage(
      HEAD_STAGES.joint,
      'joint',
      { ...test, ...mean, top: heads.ablate.top, draws: heads.ablate.randomDraws, ...intervals },
      { inputs: { rank } },
    ),
    ...pair.layers.map((layer) =>
      stage(
        HEAD_STAGES.causal(layer),
        'causal',
        { layer, ...test, ...heads.causal, ...intervals },
        { inputs: dictionary(layer) },
      ),
    ),
    ...all.map((layer) =>
      stage(
        HEAD_STAGES.attention(layer),
        'attention',
        { layer, seed, from: FROM.trace, samples: ATTENTION_SAMPLES, views: VIEWS, ...intervals },
        { files: both },
      ),
    ),
    stage(HEAD_STAGES.behaviour, 'behaviour', { ...test, ...intervals }, { files: both }),
  ];
}
