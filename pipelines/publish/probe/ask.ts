import type { Intervention } from '#graph/types.ts';
import type { LiveFeature, LiveIndex, LiveRequest, LiveResult } from '#release/probe/live.ts';
import type { Encoded } from '../../models/types.ts';
import type { Encoder } from '../../sae/encode.ts';
import { forward, type LiveModel, switchOff } from './model.ts';

/** Tokens of an answer at most: longer than any that the model was trained on, but for whole lists of things. */
const LONGEST = 24;

/** The logits of the last position. */
const last = (data: Float32Array, vocab: number): Float32Array => data.subarray(data.length - vocab);

/** Ids of the two largest logits. */
function topTwo(logits: Float32Array): [number, number] {
  let [first, second] = [-1, -1];
  logits.forEach((value, id) => {
    if (first < 0 || value > logits[first]!) [first, second] = [id, first];
    else if (second < 0 || value > logits[second]!) second = id;
  });
  return [first, second];
}

/** Features that fire at any position but BOS, the strongest first. */
function firing(f: Float32Array, n: number): LiveFeature[] {
  const tokens = f.length / n;
  const found: LiveFeature[] = [];
  for (let index = 0; index < n; index += 1) {
    const values = Float32Array.from({ length: tokens }, (_, t) => (t === 0 ? 0 : f[t * n + index]!));
    const max = values.reduce((a, b) => Math.max(a, b), 0);
    if (max > 0) found.push({ index, max, values });
  }
  return found.sort((a, b) => b.max - a.max || a.index - b.index);
}

/** The rest of the answer behind its first token, each token the likeliest. */
async function goOn(model: LiveModel, encoded: Encoded, first: number, ends: readonly number[], off: Intervention[]) {
  const { vocab } = model.decoder.anatomy;
  let text = '';
  let at = encoded;
  for (let id = first, count = 0; count < LONGEST && !ends.includes(id); count += 1) {
    const piece = model.words.tokenText(id);
    if (piece.includes('\n')) break;
    text += piece;
    at = await model.extend(at, id);
    const { logits } = await forward(model, at, ['logits'], off);
    id = topTwo(last(logits!.data, vocab))[0];
  }
  return text.trim();
}

/**
 * One question to the open model: its answer, the log-odds at its first token (as `forcedChoice` of `models/`), and the
 * features of a layer by token.
 */
export async function ask(
  model: LiveModel,
  encoder: Encoder,
  means: Float32Array,
  index: LiveIndex,
  { picture, question, layer, off, how }: LiveRequest,
): Promise<LiveResult> {
  const { words, decoder } = model;
  const { vocab, dModel } = decoder.anatomy;
  const encoded = await model.encode(picture, question.prompt);
  const interventions = switchOff(off, how, means, index);
  const site = `blocks.${layer}.hook_resid_post`;
  const taps = await forward(model, encoded, [site, 'logits'], interventions);
  const logits = last(taps['logits']!.data, vocab);
  const best = topTwo(logits);
  const truth = question.answer !== null && question.opposite !== null;
  const pair = truth ? [question.answer, question.opposite].map((answer) => words.tokenize(` ${answer}`)[0]!) : best;
  const [right, wrong] = pair as [number, number];
  const x = taps[site]!.data;
  const features = firing(
    await encoder.encode(x, x.length / dModel),
    index.layers.find((l) => l.layer === layer)!.features,
  );
  return {
    answer: await goOn(model, encoded, best[0], index.ends, interventions),
    logOdds: logits[right]! - logits[wrong]!,
    right: words.tokenText(right).trim(),
    wrong: words.tokenText(wrong).trim(),
    truth,
    tokens: Array.from(encoded.ids, (id) => words.tokenText(id)),
    image: { from: encoded.afterImage - index.picture.rows * index.picture.columns, to: encoded.afterImage },
    features,
  };
}
