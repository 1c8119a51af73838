import { z } from 'zod';

/** How the demo pair is trained. Every default of `parallax train demo` is here; lengths are counts, rates are per step. */
const Betas = z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]);

/** AdamW with one cycle of the learning rate; every stage states its own. */
const training = (given: { steps: number; rows: number; lr: number; decay: number; betas: [number, number] }) => ({
  steps: z.int().min(1).default(given.steps),
  /** Rows of a batch. */
  rows: z.int().min(1).default(given.rows),
  /** Peak of the cycle. */
  lr: z.number().positive().default(given.lr),
  decay: z.number().min(0).default(given.decay),
  betas: Betas.default(given.betas),
  /** Share of the steps in which the rate rises. */
  warmup: z.number().gt(0).lt(1).default(0.05),
});

const Emphasis = (given: { context: number; prompt: number; answer: number }) =>
  z
    .strictObject({
      context: z.number().min(0).default(given.context),
      prompt: z.number().min(0).default(given.prompt),
      answer: z.number().positive().default(given.answer),
    })
    .prefault({});

const Share = z.number().min(0).max(1);

const Decoder = z.strictObject({
  vocab: z.int().min(8).default(1024),
  d: z.int().min(4).default(128),
  layers: z.int().min(2).default(6),
  heads: z.int().min(2).default(8),
  kvHeads: z.int().min(1).default(4),
  dHead: z.int().min(2).multipleOf(2).default(32),
  hidden: z.int().min(1).default(352),
  ropeTheta: z.number().positive().default(100_000),
  eps: z.number().positive().default(1e-6),
});

const Encoder = z.strictObject({
  d: z.int().min(4).default(96),
  layers: z.int().min(1).default(4),
  heads: z.int().min(1).default(4),
  hidden: z.int().min(1).default(256),
  image: z.literal(112).default(112),
  patch: z.literal(16).default(16),
  eps: z.number().positive().default(1e-6),
});

const PictureLessons = {
  /** Positions of a row: BOS, 49 patches and the words of as many questions as fit. */
  length: z.int().min(64).max(512).default(178),
  together: Share.default(0.15),
  stories: Share.default(0.08),
  story: z.number().min(0).default(0.3),
  emphasis: Emphasis({ context: 0, prompt: 0, answer: 1 }),
  mixture: z
    .strictObject({
      families: z
        .strictObject({
          spatial: z.number().min(0).default(0.4),
          nonspatial: z.number().min(0).default(0.35),
          generic: z.number().min(0).default(0.05),
          grounded: z.number().min(0).default(0.2),
        })
        .prefault({}),
      /** Of the questions drawn of a kind, the share that is kept: sizes and comparisons were the first pair's weak spot. */
      keep: z.record(z.string(), Share).default({ colour: 0.2, count: 0.7, list: 0.3, arrange: 0.3 }),
    })
    .prefault({}),
};

export const TrainDemoConfig = z.strictObject({
  seed: z.int().default(0),
  /** Added to the seed for the fine-tune and for its second run; of these two the first loses less on held-out pairs of things. */
  fineTunes: z.tuple([z.int(), z.int()]).default([1, 0]),
  /** Threads of one operator; with more than one the bytes may depend on the machine. */
  threads: z.int().min(1).default(1),
  decoder: Decoder.prefault({}),
  encoder: Encoder.prefault({}),
  clip: z.number().positive().default(1),
  stages: z
    .strictObject({
      encoder: z
        .strictObject(training({ steps: 2400, rows: 32, lr: 1.5e-3, decay: 0.02, betas: [0.9, 0.98] }))
        .prefault({}),
      base: z
        .strictObject({
          ...training({ steps: 2000, rows: 12, lr: 1.5e-3, decay: 0.1, betas: [0.9, 0.97] }),
          length: z.int().min(64).max(512).default(160),
          /** Questions about one told scene. */
          questions: z.int().min(1).default(5),
          together: Share.default(0.2),
          /** Share of rows that hold stories alone. */
          stories: Share.default(0.1),
          story: z.number().min(0).default(0.3),
          emphasis: Emphasis({ context: 0.2, prompt: 0, answer: 3 }),
          /** Weight of the loss of the heads that are told where to look; it falls to 0 at this share of the steps. */
          guide: z.number().min(0).default(0.5),
          guideUntil: Share.default(0.6),
          /** Questions that one look answers are kept less often than those that must find a thing. */
          keep: z.record(z.string(), Share).default({ count: 0.15, colour: 0.5, size: 1 }),
          relations: z
            .strictObject({
              least: Share.default(0.1),
              from: Share.default(0.3),
              to: Share.default(0.5),
            })
            .prefault({}),
        })
        .prefault({}),
      align: z.strictObject(training({ steps: 250, rows: 32, lr: 3e-3, decay: 0.01, betas: [0.9, 0.98] })).prefault({}),
      tuned: z
        .strictObject({
          ...training({ steps: 3200, rows: 20, lr: 1e-3, decay: 0.05, betas: [0.9, 0.98] }),
          /** Rate of the projector, as a factor of the language model's. */
          projectorRate: z.number().positive().default(0.1),
          /** Weight of the guided heads' loss at the start; it falls to 0 at this share of the steps. */
          guide: z.number().min(0).default(0.5),
          guideUntil: Share.default(0.5),
          ...PictureLessons,
        })
        .prefault({}),
      /** The same lessons without pictures. */
      control: z
        .strictObject(training({ steps: 300, rows: 20, lr: 1e-3, decay: 0.05, betas: [0.9, 0.98] }))
        .prefault({}),
    })
    .prefault({}),
  /** Steps of the tuned model at which its weights are kept, spaced logarithmically. */
  snapshots: z.int().min(2).default(10),
  /** Steps between checkpoints, and between lines of the log. */
  saveEvery: z.int().min(1).default(50),
  logEvery: z.int().min(1).default(25),
  /** Steps between measurements on a few held-out scenes, a multiple of `logEvery`, and how many scenes. */
  probeEvery: z.int().min(1).default(200),
  probeScenes: z.int().min(1).default(48),
  /** Scenes measured at the end, of each part. */
  evaluate: z.int().min(1).default(2000),
});
export type TrainDemoConfig = z.infer<typeof TrainDemoConfig>;
