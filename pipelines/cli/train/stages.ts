import type { TrainDemoConfig } from '../../config/train.ts';
import { denseLesson, PATCHES, pictureLesson, textLesson } from '../../data/lessons/index.ts';
import { random } from '../../data/random.ts';
import { GROUND_NAMES, THING_NAMES } from '../../data/scene/world.ts';
import { f32, type Tensor } from '../../graph/tensor.ts';
import { compassOf, placeHeads } from '../../models/train/align.ts';
import { decoderStepFlops, encoderFlops, encoderStepFlops } from '../../models/train/flops.ts';
import { pictureStep, textStep } from '../../models/train/graphs.ts';
import { initialWeights, type Weights } from '../../models/train/init.ts';
import type { FrozenEncoder } from '../../models/train/inputs.ts';
import { type Cycle, oneCycle } from '../../models/train/schedule.ts';
import {
  decoderTable,
  encoderTable,
  labelTable,
  type ParameterTable,
  projectorTable,
} from '../../models/train/shapes.ts';
import type { StepGraph } from '../../models/train/step.ts';
import { alignStep, encoderStep } from '../../models/train/vision-steps.ts';
import type { World } from './world.ts';

/** A stage of the training, ready to run. */
export interface Stage {
  readonly graph: StepGraph;
  readonly start: Weights;
  readonly cycle: Cycle;
  /** Inputs of step `step`, from 0, without the learning rate. */
  lesson(step: number): Record<string, Tensor>;
  /** Tokens (patches for an encoder) and floating-point operations of a step. */
  readonly tokens: number;
  flops(feeds: Record<string, Tensor>): number;
}

/** Weights of finished stages. */
export type Finished = (name: StageName) => Promise<Weights>;
type Open = (config: TrainDemoConfig, world: World, finished: Finished) => Promise<Stage>;

/** A stage by name: whose weights it needs, and how it is made. */
export interface StageRule {
  readonly needs: readonly StageName[];
  readonly open: Open;
  /** Of a stage of the fine-tune: its first run or its second. */
  readonly run?: 0 | 1;
}

export const tablesOf = (config: TrainDemoConfig) => {
  const vision = encoderTable(config.encoder);
  const heads = labelTable(config.encoder, { things: THING_NAMES.length, grounds: GROUND_NAMES.length });
  const text = decoderTable(config.decoder);
  return { vision, heads, text, projector: projectorTable(config.encoder, config.decoder) };
};

const group = (table: ParameterTable, decay: number, rate = 1) => ({ table, decay, rate });
const options = (config: TrainDemoConfig, betas: readonly [number, number]) => ({
  betas,
  eps: 1e-8,
  clip: config.clip,
});
const cycleOf = ({ lr, steps, warmup }: { lr: number; steps: number; warmup: number }): Cycle => ({
  peak: lr,
  steps,
  warmup,
});

const encoderStage: Open = async (config, { sprites }) => {
  const own = config.stages.encoder;
  const { vision, heads } = tablesOf(config);
  const table = { ...vision, ...heads };
  return {
    graph: encoderStep(config.encoder, own.rows, group(table, own.decay), options(config, own.betas)),
    start: initialWeights(table, random(config.seed, 'start/encoder')),
    cycle: cycleOf(own),
    lesson: (step) => denseLesson(own.rows, sprites, 'train', config.seed, step),
    tokens: own.rows * PATCHES,
    flops: () => encoderStepFlops(config.encoder, own.rows),
  };
};

const baseStage: Open = async (config, { stories, tokenize, special }) => {
  const own = config.stages.base;
  const { text } = tablesOf(config);
  const extent = { rows: own.rows, length: own.length };
  return {
    graph: textStep(config.decoder, extent, group(text, own.decay), options(config, own.betas), true),
    start: initialWeights(text, random(config.seed, 'start/base')),
    cycle: cycleOf(own),
    lesson: (step) => ({
      ...textLesson(own, stories, tokenize, special, config.seed, step, step / own.steps),
      guide: fading(own, step),
    }),
    tokens: own.rows * own.length,
    flops: (feeds) => decoderStepFlops(config.decoder, extent, feeds['at']!.dims[0]!),
  };
};

/** Weight of the guided heads' loss at a step: it falls to nothing at the share `guideUntil` of the steps. */
const fading = (own: { guide: number; guideUntil: number; steps: number }, step: number): Tensor =>
  f32([own.guide * Math.max(0, 1 - step / Math.max(1, own.guideUntil * own.steps))], []);

const frozen = (config: TrainDemoConfig, weights: Weights): FrozenEncoder => ({
  shape: config.encoder,
  table: tablesOf(config).vision,
  weights,
});

/** Directions that projector and guided heads share; the same in both stages of one seed. */
const compass = (config: TrainDemoConfig, { tokenize }: World, base: Weights, seed: number) => {
  const ids = (words: readonly string[]) => words.map((word) => tokenize(` ${word}`));
  const draws = random(seed, 'compass');
  return compassOf(base, config.decoder, ids([...THING_NAMES, ...GROUND_NAMES]), ids(['small', 'big']), draws);
};

/** Seed of what is drawn for a stage; that of the fine-tune depends on its run. */
export const seedOf = (config: TrainDemoConfig, run?: 0 | 1): number =>
  config.seed + (run === undefined ? 0 : config.fineTunes[run]);

const alignStage =
  (run: 0 | 1): Open =>
  async (config, world, finished) => {
    const own = config.stages.align;
    const seed = seedOf(config, run);
    const [vision, base] = [await finished('encoder'), await finished('base')];
    const { projector } = tablesOf(config);
    const needle = compass(config, world, base, seed);
    const moved = group(projector, own.decay);
    const clipped = options(config, own.betas);
    return {
      graph: alignStep(config.decoder, frozen(config, vision), own.rows, moved, needle, clipped),
      start: initialWeights(projector, random(seed, 'start/projector')),
      cycle: cycleOf(own),
      lesson: (step) => denseLesson(own.rows, world.sprites, 'train', seed, step + config.stages.encoder.steps),
      tokens: own.rows * PATCHES,
      flops: () => encoderFlops(config.encoder, own.rows),
    };
  };

const tunedStage =
  (run: 0 | 1, aligned: StageName): Open =>
  async (config, world, finished) => {
    const own = config.stages.tuned;
    const seed = seedOf(config, run);
    const [vision, base, projected] = await Promise.all([finished('encoder'), finished('base'), finished(aligned)]);
    const { text, projector } = tablesOf(config);
    const groups = [group(text, own.decay), group(projector, own.decay, own.projectorRate)];
    const extent = { rows: own.rows, length: own.length };
    const needle = compass(config, world, base, seed);
    return {
      graph: pictureStep(config.decoder, frozen(config, vision), extent, groups, options(config, own.betas)),
      start: { ...placeHeads(base, config.decoder, needle), ...projected },
      cycle: cycleOf(own),
      lesson: (step) => ({
        ...pictureLesson(own, world, true, seed, step),
        guide: fading(own, step),
      }),
      tokens: own.rows * own.length,
      flops: (feeds) =>
        decoderStepFlops(config.decoder, extent, feeds['at']!.dims[0]!) + encoderFlops(config.encoder, own.rows),
    };
  };

const controlStage: Open = async (config, world, finished) => {
  const { control, tuned } = config.stages;
  const base = await finished('base');
  const { text } = tablesOf(config);
  const extent = { rows: control.rows, length: tuned.length - PATCHES };
  const lessons = { ...tuned, rows: control.rows };
  return {
    graph: textStep(config.decoder, extent, group(text, control.decay), options(config, control.betas)),
    start: base,
    cycle: cycleOf(control),
    lesson: (step) => pictureLesson(lessons, world, false, config.seed, step),
    tokens: extent.rows * extent.length,
    flops: (feeds) => decoderStepFlops(config.decoder, extent, feeds['at']!.dims[0]!),
  };
};

/** In the order in which they run. */
export const STAGES = {
  encoder: { needs: [], open: encoderStage },
  base: { needs: [], open: baseStage },
  align: { needs: ['encoder', 'base'], open: alignStage(0), run: 0 },
  tuned: { needs: ['encoder', 'base', 'align'], open: tunedStage(0, 'align'), run: 0 },
  control: { needs: ['base'], open: controlStage },
  'align-2': { needs: ['encoder', 'base'], open: alignStage(1), run: 1 },
  'tuned-2': { needs: ['encoder', 'base', 'align-2'], open: tunedStage(1, 'align-2'), run: 1 },
} as const satisfies Record<string, { needs: readonly string[]; open: Open; run?: 0 | 1 }>;
export type StageName = 'encoder' | 'base' | 'align' | 'tuned' | 'control' | 'align-2' | 'tuned-2';

/** Words of `--stage` -> what they run. */
export const PARTS: Readonly<Record<string, readonly StageName[]>> = {
  encoder: ['encoder'],
  base: ['base'],
  tuned: ['align', 'tuned'],
  control: ['control'],
  seed2: ['align-2', 'tuned-2'],
};

/** Settings of the config that a stage runs by. */
export const settingsOf = (config: TrainDemoConfig, name: StageName) =>
  config.stages[name.replace('-2', '') as keyof TrainDemoConfig['stages']];

/** Learning rate of the step after `step`. */
export const rateOf = (stage: Stage, step: number): number => oneCycle(stage.cycle, step + 1);
