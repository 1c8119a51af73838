import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../activations/index.ts';
import type { Json, Stage, StageRun } from '../../config/stage.ts';
import { dataset } from '../../data/index.ts';
import { type Encoded, openModel } from '../../models/index.ts';
import { createEncoder, loadSae } from '../../sae/index.ts';

type Fields = Readonly<Record<string, Json>>;

/** What a stage costs on this machine: seconds before its first item, and seconds for each. */
export interface Rate {
  readonly start: number;
  readonly each: number;
}

export interface Rates {
  /** Reading samples through a model, by `streamKey`. */
  readonly read: ReadonlyMap<string, Rate>;
  /** Tokens kept of one sample, by `streamKey`. */
  readonly tokens: ReadonlyMap<string, number>;
  /** One spatial question with its picture through the tuned decoder, once it is encoded. */
  readonly pass: number;
  /** A token of training, and of encoding with a dictionary of that size. */
  readonly train: Rate;
  readonly encode: number;
}

/** What decides the cost of a sample: which model reads what, with its picture or without. */
export const streamKey = ({ files, settings }: Stage): string => {
  const { dataset, image } = settings as Fields;
  return [files['model'], dataset, image].join(' ');
};

/** Runs a stage of the plan with other settings in `out`; gives seconds. */
async function time(stage: Stage, change: Fields, inputs: Record<string, string>, out: string): Promise<number> {
  await mkdir(out, { recursive: true });
  const { run } = (await import(new URL(`../../${stage.module}`, import.meta.url).href)) as { run: StageRun };
  const settings = { ...(stage.settings as Fields), ...change };
  const began = performance.now();
  await run({ settings, inputs, files: stage.files, out, device: 'cpu', progress: () => {}, log: () => {} });
  return (performance.now() - began) / 1000;
}

/** Line through two measurements, neither part of it negative. */
function line([a, b]: readonly [number, number], [small, large]: readonly [number, number]): Rate {
  const each = Math.max(0, (b - a) / (large - small));
  return { start: Math.max(0, a - each * small), each };
}

const SAMPLES = [8, 40] as const;
const STEPS = [3, 12] as const;
const ENCODED = 4096;
const PASSED = 16;

/** Training from scratch as the plan does it, or as it would with a store. */
function trainingOf(stages: readonly Stage[]): Stage {
  const stored = stages.find(({ module, inputs }) => module === 'sae/train.stage.ts' && !inputs['start']);
  if (stored) return stored;
  const online = stages.find(({ module, inputs }) => module === 'sae/online.stage.ts' && !inputs['start/0'])!;
  const { train, layers } = online.settings as { train: Fields; layers: readonly number[] };
  return { ...online, module: 'sae/train.stage.ts', settings: { ...train, layer: layers[0]! }, files: {} };
}

/** Measures this machine on a few samples of every stream and a few steps of training, with the plan's own stages. */
export async function measure(stages: readonly Stage[]): Promise<Rates> {
  const home = await mkdtemp(join(tmpdir(), 'parallax-plan-'));
  try {
    const read = new Map<string, Rate>();
    const tokens = new Map<string, number>();
    let text = '';
    for (const stage of stages.filter(({ module }) => module === 'activations/harvest.stage.ts')) {
      const key = streamKey(stage);
      if (read.has(key)) continue;
      const from = (stage.settings as Fields)['from'] as number;
      const number = read.size;
      const out = (samples: number) => join(home, `${number}-${samples}`);
      const seconds = async (samples: number) => time(stage, { from, to: from + samples }, {}, out(samples));
      const both = [await seconds(SAMPLES[0]), await seconds(SAMPLES[1])] as const;
      read.set(key, line(both, SAMPLES));
      tokens.set(key, (await openStore([out(SAMPLES[1])])).meta.tokens / SAMPLES[1]);
      text ||= out(SAMPLES[1]);
    }
    const training = trainingOf(stages);
    const { batch } = training.settings as { batch: number };
    const out = (steps: number) => join(home, `train-${steps}`);
    const seconds = (steps: number) => time(training, { tokens: steps * batch }, { activations: text }, out(steps));
    const both = [await seconds(STEPS[0]), await seconds(STEPS[1])] as const;
    const train = line(both, [STEPS[0] * batch, STEPS[1] * batch]);
    const spatial = stages.find(({ name }) => name.startsWith('harvest/tuned/spatial'))!;
    return { read, tokens, train, pass: await passTime(spatial), encode: await encodeTime(out(STEPS[1])) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Seconds for one sample of a harvest stage through its decoder to the logits. */
async function passTime({ files, settings }: Stage): Promise<number> {
  const { dataset: name, seed, from } = settings as { dataset: string; seed: number; from: number };
  const model = await openModel(files['model']!);
  const batch: Encoded[] = [];
  for await (const sample of dataset(name, { seed, from, to: from + PASSED })) batch.push(await model.encode(sample));
  const inputs = model.inputs(batch);
  const pass = () => model.decoder.run(inputs, { taps: ['logits'] });
  await pass();
  const began = performance.now();
  await pass();
  const seconds = (performance.now() - began) / 1000;
  await model.close();
  return seconds / PASSED;
}

/** Seconds for one token through the encoder of a dictionary. */
async function encodeTime(folder: string): Promise<number> {
  const sae = await loadSae(folder);
  const encoder = await createEncoder(sae);
  const x = Float32Array.from({ length: ENCODED * sae.d }, (_, i) => Math.sin(i));
  const began = performance.now();
  await encoder.encodeSparse(x, ENCODED);
  await encoder.close();
  return (performance.now() - began) / 1000 / ENCODED;
}
