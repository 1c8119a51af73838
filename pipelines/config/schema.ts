import { z } from 'zod';

/** Every default of a run is here and nowhere else. Lengths are counts of samples or tokens; rates are per step. */
const Pair = z.strictObject({
  /** Folder or hub id of the base language model. */
  base: z.string(),
  /** Folder or hub id of the vision-language model made from it. */
  tuned: z.string(),
  /** The base fine-tuned on the same words without pictures. */
  control: z.string().nullable().default(null),
  /**
   * Folder of checkpoints of the tuned model's training, `0160/model.safetensors` and so on by steps done, with Hugging Face's names of
   * decoder and projector: the atlas then says what turned when. Each takes about a minute of one core on the demo pair.
   */
  steps: z.string().nullable().default(null),
});

const Data = z.strictObject({
  /** Data set of base text, by its name in `data/`. */
  text: z.string().default('demo-text'),
  /** Data set of the multimodal stream. */
  multimodal: z.string().default('scenes'),
  textSamples: z.int().min(8).default(1600),
  multimodalSamples: z.int().min(8).default(1400),
  /** Share of samples that no dictionary is trained on. */
  heldOut: z.number().gt(0).lt(0.9).default(0.2),
});

/** How a run trains its dictionaries; `sae/` takes its defaults from here. */
export const SaeConfig = z.strictObject({
  features: z.int().min(2).default(1024),
  activation: z.enum(['relu', 'topk', 'batchtopk', 'jumprelu']).default('topk'),
  k: z.int().min(1).default(16),
  l1: z.number().min(0).default(0),
  batch: z.int().min(1).default(128),
  /** Tokens seen by stage S, and by each stage adapted from it. */
  tokens: z
    .strictObject({
      start: z.int().min(1).default(400_000),
      adapt: z.int().min(1).default(110_000),
    })
    .prefault({}),
  lr: z
    .strictObject({
      start: z.number().positive().default(3e-3),
      adapt: z.number().positive().default(7e-4),
    })
    .prefault({}),
  betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.98]),
  warmup: z.number().min(0).max(1).default(0.02),
  decay: z.number().min(0).max(1).default(0.3),
  aux: z
    .strictObject({
      coefficient: z.number().min(0).default(1),
      k: z.int().min(1).default(64),
      deadAfter: z.int().min(1).default(3000),
    })
    .prefault({}),
  /** Tokens of the multimodal stream that stage F and F2 learn from (the paper's final choice is `text`). */
  mask: z.enum(['text', 'image', 'all']).default('all'),
  dtype: z.enum(['float32', 'float16']).default('float16'),
  /**
   * Bytes that the stored activations of one training stream may take. A stream beyond that is not stored: its dictionaries learn
   * straight from the model, all layers in one pass, and each epoch reads the model again.
   */
  storeLimit: z.number().min(0).default(50e9),
  /** Held-out samples on which the loss with the reconstruction in place is measured. */
  lossSamples: z.int().min(2).default(24),
});

const Diff = z.strictObject({
  eps: z.number().min(0).default(0.01),
  percentile: z.number().min(0).max(100).default(25),
  suspectBelow: z.number().min(-1).max(1).default(0.7),
  /** False-discovery rate at which a rotation counts as more than adaptation noise. */
  rotationQ: z.number().min(0).max(1).default(0.05),
  bootstrap: z.int().min(10).default(200),
  grid: z
    .strictObject({
      eps: z.array(z.number().min(0)).default([0.001, 0.003, 0.01, 0.03, 0.1]),
      percentiles: z.array(z.number().min(0).max(100)).default([5, 10, 25, 40, 50]),
    })
    .prefault({}),
});

const Spatial = z.strictObject({
  rule: z.enum(['samples', 'paper']).default('samples'),
  samples: z.int().min(8).default(300),
  firesAbove: z.number().min(0).default(0.01),
  oddsRatio: z.number().positive().default(3),
  riskDifference: z.number().min(0).default(0.05),
  q: z.number().min(0).max(1).default(0.01),
  genericRate: z.number().min(0).max(1).default(0.1),
  wordShare: z.number().min(0).default(0.5),
  splits: z.int().min(1).default(5),
});

const Heads = z.strictObject({
  target: z.enum(['pre', 'activation', 'projection']).default('pre'),
  corrupt: z.enum(['mean', 'swap']).default('swap'),
  /** `atp`: attribution patching of the heads' outputs; `atp*`: of their queries and keys as well, with the softmax computed again. */
  estimate: z.enum(['atp', 'atp*']).default('atp'),
  samples: z.int().min(4).default(48),
  /** Spatial features traced, largest held-out effect first, and as many random ones. */
  features: z.int().min(1).default(24),
  verify: z
    .strictObject({
      top: z.int().min(1).default(8),
      random: z.int().min(0).default(4),
      samples: z.int().min(4).default(24),
    })
    .prefault({}),
  ablate: z
    .strictObject({
      top: z.int().min(1).default(3),
      randomDraws: z.int().min(1).default(8),
      /** Samples on which every head is ablated by itself, and the first of them, on which the control task is tested, the top heads go together and the pair is asked. */
      samples: z.int().min(8).default(200),
      jointSamples: z.int().min(8).default(100),
      /** Other scenes, over which a head's mean is taken. */
      means: z.int().min(8).default(64),
    })
    .prefault({}),
  causal: z
    .strictObject({
      features: z.int().min(0).default(4),
      /** Multiples of the feature's mean peak activation; 0 is ablation. */
      doses: z.array(z.number()).min(1).default([0, -1, 1, 2]),
      /** Random directions of equal norm. */
      draws: z.int().min(1).default(2),
      samples: z.int().min(8).default(64),
    })
    .prefault({}),
});

const Labels = z.strictObject({
  /** Writes and judges labels of the traced features; null: rule-made labels alone. */
  languageModel: z
    .strictObject({
      /** `http(s)://.../v1` of an OpenAI-compatible server, or `local` for a model run by transformers.js. */
      address: z.string(),
      /** The server's name of the model, or a folder or hub id. */
      model: z.string(),
      /** Name of the environment variable that holds the server's key. */
      keyVariable: z.string().optional(),
    })
    .nullable()
    .default(null),
  /** Strongest samples shown to it, and samples of each kind, firing and silent, that it judges. */
  shown: z.int().min(1).default(8),
  judged: z.int().min(2).default(10),
});

const Release = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/),
  version: z.string().regex(/^\d{4}\.\d{1,2}\.\d{1,4}$/),
  date: z.iso.date(),
  title: z.string(),
  description: z.string().default(''),
  authors: z.array(z.strictObject({ name: z.string(), orcid: z.string().optional() })).min(1),
  licence: z.string().default('Apache-2.0'),
  /** Examples shown of each interval. */
  examples: z.int().min(1).default(4),
});

/** Analyses beside the atlas, each a stage that can be switched on. */
export const RELATED = ['probes', 'shifts', 'monosemanticity'] as const;

export const RunConfig = z.strictObject({
  pair: Pair,
  seed: z.int().min(0).default(0),
  device: z.enum(['cpu', 'webgpu', 'cuda']).default('cpu'),
  /** Layers analysed; all where absent. */
  layers: z.array(z.int().min(0)).min(1).nullable().default(null),
  confidence: z.number().gt(0).lt(1).default(0.95),
  /** Dictionaries beside S and F. */
  stages: z.array(z.enum(['D', 'M', 'F2', 'C'])).default(['D', 'M', 'F2', 'C']),
  data: Data.prefault({}),
  sae: SaeConfig.prefault({}),
  diff: Diff.prefault({}),
  spatial: Spatial.prefault({}),
  heads: Heads.prefault({}),
  labels: Labels.prefault({}),
  related: z.array(z.enum(RELATED)).default([]),
  release: Release,
});
export type RunConfig = z.infer<typeof RunConfig>;
