import type { RunConfig } from '../../config/schema.ts';
import type { Json, Stage } from '../../config/stage.ts';
import type { Dictionaries } from './dictionaries.ts';
import { layerName, type Pair } from './pair.ts';
import { slicesOf } from './slices.ts';

/** Samples whose attention is shown as a picture. */
const VIEWS = 3;

/** Stages of `heads/` that are made for every layer. */
export const perLayer = (name: string, layers: readonly number[]): Record<string, string> =>
  Object.fromEntries(layers.map((layer) => [`L${layer}`, `heads/${name}/${layerName(layer)}`]));

/** Heads that feed the spatial features: targets, traces, ranking, ablations, causal tests, attention, behaviour of the pair. */
export function headStages(config: RunConfig, pair: Pair, { F }: Dictionaries): Stage[] {
  const { seed, confidence, heads } = config;
  const slices = slicesOf(config);
  const model = pair.folders.tuned;
  const both = { model, base: pair.folders.base };
  const intervals = { rounds: config.diff.bootstrap, confidence };
  const mean = { meanFrom: slices.means.from, meanSamples: slices.means.samples };
  const together = { from: slices.ablate.from, samples: Math.min(heads.ablate.jointSamples, slices.ablate.samples) };
  const depth = Array.from({ length: pair.depth }, (_, layer) => layer);

  const stage = (name: string, settings: Json, inputs: Stage['inputs'], files: Stage['files']): Stage => {
    const [, kind] = name.split('/');
    return { name, version: 6, settings, inputs, files, module: `heads/${kind}.stage.ts` };
  };
  const traced = (layer: number) => ({ targets: 'heads/targets', sae: F![layer]! });

  return [
    stage('heads/behaviour', { seed, ...together, ...intervals }, {}, both),
    stage('heads/targets', { count: heads.features, seed }, { spatial: 'spatial/join' }, {}),
    ...pair.layers.map((layer) => {
      const { target, corrupt, estimate, verify } = heads;
      const settings = { layer, seed, ...slices.trace, target, corrupt, estimate, verify };
      return stage(`heads/trace/${layerName(layer)}`, settings, traced(layer), { model });
    }),
    stage(
      'heads/rank',
      { heads: pair.heads, layers: pair.depth, edges: pair.heads * pair.depth, seed, ...intervals },
      perLayer('trace', pair.layers),
      {},
    ),
    stage('heads/ablate', { seed, ...slices.ablate, controlSamples: together.samples, ...mean }, {}, { model }),
    stage(
      'heads/joint',
      { seed, ...together, ...mean, top: heads.ablate.top, draws: heads.ablate.randomDraws, ...intervals },
      { rank: 'heads/rank' },
      { model },
    ),
    ...pair.layers.map((layer) => {
      const { features, doses, draws } = heads.causal;
      const settings = { layer, seed, ...slices.causal, features, doses, draws, ...intervals };
      return stage(`heads/causal/${layerName(layer)}`, settings, traced(layer), { model });
    }),
    ...depth.map((layer) =>
      stage(
        `heads/attention/${layerName(layer)}`,
        { layer, seed, ...slices.trace, views: VIEWS, ...intervals },
        {},
        both,
      ),
    ),
  ];
}
