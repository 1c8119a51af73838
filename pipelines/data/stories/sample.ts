import { openSession, type Session } from '../../graph/session.ts';
import { f32, i64, type Tensor } from '../../graph/tensor.ts';
import { type Random, random } from '../random.ts';

/** What sampling needs to know of a language model with key-value inputs. */
export interface SamplerModel {
  readonly graph: string;
  readonly layers: number;
  readonly kvHeads: number;
  readonly dHead: number;
  readonly bos: number;
  readonly eos: number;
}

export interface SamplerOptions {
  readonly seed: number;
  /** Texts sampled side by side. */
  readonly rows: number;
  /** Longest text in tokens. */
  readonly length: number;
  readonly temperature: number;
  /** Tokens that no text may begin with. */
  readonly notFirst: readonly number[];
}

/** One token from the logits at a temperature, by inversion of the cumulative distribution. */
function draw(logits: Float32Array, temperature: number, banned: readonly number[], draws: Random): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const value of logits) top = Math.max(top, value);
  const weights = Array.from(logits, (value, id) => (banned.includes(id) ? 0 : Math.exp((value - top) / temperature)));
  return draws.weighted(weights);
}

const emptyCache = (model: SamplerModel, rows: number): Record<string, Tensor> => {
  const cache: Record<string, Tensor> = {};
  for (let layer = 0; layer < model.layers; layer++)
    for (const part of ['key', 'value'])
      cache[`past_key_values.${layer}.${part}`] = f32([], [rows, model.kvHeads, 0, model.dHead]);
  return cache;
};

/** Yields token ids of texts sampled from the model, without BOS and EOS, batch after batch, for ever. */
export async function* sampleTexts(model: SamplerModel, options: SamplerOptions): AsyncGenerator<number[]> {
  const session = await openSession(model.graph);
  try {
    for (let batch = 0; ; batch++) yield* await sampleBatch(session, model, options, batch);
  } finally {
    await session.close();
  }
}

async function sampleBatch(
  session: Session,
  model: SamplerModel,
  { seed, rows, length, temperature, notFirst }: SamplerOptions,
  batch: number,
): Promise<number[][]> {
  const draws = Array.from({ length: rows }, (_, row) => random(seed, 'stories', batch, row));
  const texts: number[][] = draws.map(() => []);
  const done = draws.map(() => false);
  let last = draws.map(() => model.bos);
  let cache = emptyCache(model, rows);
  for (let at = 0; at < length && done.includes(false); at++) {
    const ones = i64(new BigInt64Array(rows * (at + 1)).fill(1n), [rows, at + 1]);
    const positions = i64(new BigInt64Array(rows).fill(BigInt(at)), [rows, 1]);
    const inputs = { input_ids: i64(last, [rows, 1]), attention_mask: ones, position_ids: positions, ...cache };
    const out = await session.run(inputs);
    const logits = out['logits'] as Tensor<'float32'>;
    const vocab = logits.dims.at(-1)!;
    last = draws.map((source, row) =>
      draw(logits.data.subarray(row * vocab, (row + 1) * vocab), temperature, at === 0 ? notFirst : [], source),
    );
    last.forEach((token, row) => {
      done[row] ||= token === model.eos;
      if (!done[row]) texts[row]!.push(token);
    });
    cache = Object.fromEntries(
      Object.keys(cache).map((name) => [name, out[name.replace('past_key_values', 'present')]!]),
    );
  }
  return texts;
}
