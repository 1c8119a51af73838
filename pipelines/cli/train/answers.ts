import type { TrainDemoConfig } from '../../config/train.ts';
import { type Answered, PATCHES, type Page } from '../../data/lessons/index.ts';
import { openSession } from '../../graph/session.ts';
import { f32, type Tensor } from '../../graph/tensor.ts';
import { answerGraph, featureGraph } from '../../models/train/answer-graphs.ts';
import type { Weights } from '../../models/train/init.ts';
import type { ParameterTable } from '../../models/train/shapes.ts';
import { tablesOf } from './stages.ts';

export const parametersOf = (table: ParameterTable, weights: Weights): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(table).map(([name, dims]) => [name, f32(weights[name]!, dims)]));

/** What a decoder says at the asked rows of a page. */
export interface Said {
  /** Every token of the answer is the likeliest one. */
  right(answered: Answered): boolean;
  /** Negative log-likelihood of each asked token. */
  readonly nll: Float32Array;
}

export interface Answerer {
  say(page: Page, features?: Float32Array): Promise<Said>;
  close(): Promise<void>;
}

/** A decoder that answers pages of one extent, with image features where `pictures`. */
export async function openAnswerer(
  config: TrainDemoConfig,
  weights: Weights,
  extent: { rows: number; length: number },
  pictures: boolean,
): Promise<Answerer> {
  const { text } = tablesOf(config);
  const given = parametersOf(text, weights);
  const bytes = answerGraph(config.decoder, extent, text, pictures ? PATCHES : undefined);
  const session = await openSession(bytes, { threads: config.threads });
  return {
    async say(page, features) {
      const { feeds, targets } = page.questions();
      const all: Record<string, Tensor> = { ...given, ...feeds };
      if (features) all['features'] = f32(features, [extent.rows * PATCHES, config.decoder.d]);
      const inputs = Object.fromEntries(session.inputNames.map((name) => [name, all[name]!]));
      const out = await session.run(inputs, ['best', 'nll']);
      const best = out['best']!.data as BigInt64Array;
      return {
        nll: out['nll']!.data as Float32Array,
        // the last asked row is the end of the text, which is no part of the answer
        right: ({ from, to }) => targets.slice(from, to - 1).every((id, i) => Number(best[from + i]!) === id),
      };
    },
    close: () => session.close(),
  };
}

/** Image features `[rows * patches, d]` of normalised pixels. */
export async function openEyes(config: TrainDemoConfig, weights: Weights, vision: Weights, rows: number) {
  const { vision: table, projector } = tablesOf(config);
  const frozen = { shape: config.encoder, table, weights: vision };
  const session = await openSession(featureGraph(frozen, projector, config.decoder.d, rows), {
    threads: config.threads,
  });
  const given = parametersOf(projector, weights);
  return {
    async see(pixels: Float32Array): Promise<Float32Array> {
      const { image } = config.encoder;
      const out = await session.run({ ...given, pixels: f32(pixels, [rows, 3, image, image]) }, ['features']);
      return out['features']!.data as Float32Array;
    },
    close: () => session.close(),
  };
}
