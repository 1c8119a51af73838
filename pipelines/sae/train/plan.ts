import { type ActivationStore, rowsWhere, shuffled } from '#pipelines/activations/index.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { random } from '#pipelines/data/random.ts';
import type { ResolvedSettings } from '../settings.ts';
import type { Sae } from '../types.ts';
import type { Loss, Shape, TrainConfig, TrainedKind } from './config.ts';
import { adapted, initial, scaleOf } from './init.ts';
import type { TrainState } from './state.ts';

/** Rows that a start from scratch looks at. */
export const START_ROWS = 4096;

/** A run, ready to start. */
export interface Training {
  readonly config: TrainConfig;
  readonly state: TrainState;
  /** Batches after the first `steps` ones. */
  batchesAfter(steps: number): AsyncIterable<{ readonly x: Float32Array }>;
}

/** Rows for the start, drawn without order from all that the run may see. */
async function sampleRows(
  store: ActivationStore,
  layer: number,
  rows: Uint32Array,
  seed: number,
): Promise<Float32Array> {
  const reader = shuffled(store, { layer, seed, batch: Math.min(START_ROWS, rows.length), rows });
  return (await reader.next()).value.x;
}

function trainedShape(sae: Sae): Shape {
  const { d, n, activation, k, scale, applyBDec, norm } = sae;
  if (activation === 'gated' || norm)
    throw new ParallaxError(
      `dictionary to adapt: ${norm ? `${norm} norm` : 'activation gated'} is loaded, but not trained`,
      'start from a relu, topk, batchtopk or jumprelu dictionary without token norm',
    );
  return { d, n, activation: activation as TrainedKind, scale, applyBDec, ...(k === undefined ? {} : { k }) };
}

function lossOf(shape: Shape, { l1, l0, k, aux }: ResolvedSettings, fromScratch: boolean): Loss {
  return {
    ...(l1 > 0 ? { l1 } : {}),
    ...(shape.activation === 'jumprelu' ? { l0: { ...l0, target: k } } : {}),
    ...(fromScratch && aux.coefficient > 0 ? { aux } : {}),
  };
}

/** Seed of the order of a run's data. */
export const dataSeedOf = ({ seed, stage, layer }: Pick<ResolvedSettings, 'seed' | 'stage' | 'layer'>): number =>
  random(seed, 'data', stage, layer).int(0, 2 ** 31 - 1);

/** Configuration and first state of a run: adapts `from`, or starts from scratch by sample rows `[rows, d]`. */
export function planStart(
  settings: ResolvedSettings,
  d: number,
  from: Sae | Float32Array,
): Pick<Training, 'config' | 'state'> {
  const { layer, seed, batch } = settings;
  const start = from instanceof Float32Array ? undefined : from;
  const drawn = from instanceof Float32Array ? from : undefined;
  if (start && start.d !== d)
    throw new ParallaxError(
      `dictionary to adapt has width ${start.d}, the activations have ${d}`,
      'start from a dictionary of the same model and layer',
    );
  const shape: Shape = start
    ? trainedShape(start)
    : {
        ...{ d, n: settings.features, activation: settings.activation, applyBDec: true },
        ...(settings.activation === 'relu' ? {} : { k: settings.k }),
        scale: scaleOf(drawn!, d),
      };
  const total = Math.ceil(settings.tokens / batch);
  const config: TrainConfig = {
    ...shape,
    loss: lossOf(shape, settings, start === undefined),
    adam: { lr: settings.lr, betas: settings.betas, eps: settings.eps },
    schedule: { warmup: Math.round(settings.warmup * total), decay: Math.round(settings.decay * total), total },
    decoder: { unitNorm: settings.unitNorm, projectGradient: settings.projectGradient },
    thresholdLr: settings.thresholdLr,
  };
  const first = random(seed, 'first', layer).int(0, 2 ** 31 - 1);
  return { config, state: start ? adapted(shape, start) : initial(shape, drawn!, first, settings.centre) };
}

/** Works out configuration, first state and data of a run on a store; adapts `start` where it is given. */
export async function planTraining(settings: ResolvedSettings, store: ActivationStore, start?: Sae): Promise<Training> {
  const { layer, batch, mask, samples, buffer } = settings;
  const rows = rowsWhere(store, { mask, ...(samples ? { samples } : {}) });
  if (rows.length === 0)
    throw new ParallaxError(
      `dictionary ${settings.stage}, layer ${layer}: no token of class ${mask} in the activations`,
      'choose another mask or another data set',
    );
  const seed = dataSeedOf(settings);
  const from = start ?? (await sampleRows(store, layer, rows, seed));
  return {
    ...planStart(settings, store.meta.dModel, from),
    batchesAfter: (steps) => shuffled(store, { layer, seed, batch, rows, buffer, skip: steps * batch }),
  };
}
