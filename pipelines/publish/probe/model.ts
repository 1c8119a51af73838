import { openDecoder } from '#graph/decoder.ts';
import { GraphError } from '#graph/errors.ts';
import { openSession, type Session } from '#graph/session.ts';
import { f32, i64, type Tensor } from '#graph/tensor.ts';
import type { Decoder, Device, Intervention, Site } from '#graph/types.ts';
import type { LiveHead, LiveIndex, LivePicture, LiveRequest } from '#release/probe/live.ts';
import { afterImage, checkImageTokens, classesOf, padBatch, placeFeatures } from '../../models/encode.ts';
import type { Encoded } from '../../models/types.ts';
import { pixelValues } from './picture.ts';
import type { LiveWords } from './words.ts';

/** The tuned model, opened from bytes: the same graphs, prompt and pixels as `openModel` gives the pipeline. */
export interface LiveModel {
  readonly decoder: Decoder;
  /** Sites tapped in every pass beside those asked for; they choose how attention is computed. */
  readonly always: readonly Site[];
  readonly words: LiveWords;
  /** A question about a picture in the prompt of the model, or, without one, a text as it stands. */
  encode(picture: LivePicture | null, question: string): Promise<Encoded>;
  /** Encoded with one more token at its end. */
  extend(encoded: Encoded, id: number): Promise<Encoded>;
  close(): Promise<void>;
}

/** Bytes of the three graphs. */
export type Graphs = Readonly<Record<'vision' | 'embed' | 'decoder', Uint8Array>>;

const only = async (session: Session, input: Tensor): Promise<Float32Array> => {
  const out = await session.run({ [session.inputNames[0]!]: input });
  return out[session.outputNames[0]!]!.data as Float32Array;
};

const samePicture = (a: LivePicture, b: LivePicture) => a.data.every((value, i) => value === b.data[i]);

/**
 * Attention patterns: a pass that gives them computes attention by plain operators. The runtime's fused attention for
 * WebGPU is wrong on some adapters from 64 tokens on (logits off by 10 on SwiftShader, where plain operators agree to 1e-5).
 */
const insides = ({ anatomy }: Decoder): Site[] =>
  Array.from({ length: anatomy.layers }, (_, layer) => `blocks.${layer}.attn.hook_pattern`);

/** Tokens of the comparison of devices: more than a question over a picture has. */
const TRIAL = 80;
const AGREE = 1e-3;

/** Runs one made-up input here and on the processor. Throws `GraphError` where the logits differ by more than 1e-3. */
async function compareDevices(decoder: Decoder, always: readonly Site[], bytes: Uint8Array): Promise<void> {
  const { dModel, tokens } = decoder.anatomy;
  const x = Float32Array.from({ length: TRIAL * dModel }, (_, i) => Math.sin(i * 12.9898) / 20);
  const input = { [tokens.input]: f32(x, [1, TRIAL, dModel]) };
  const processor = await openDecoder(bytes);
  const { logits: right } = await processor.run(input);
  await processor.close();
  const { logits: here } = await decoder.run(input, { taps: ['logits', ...always] });
  const apart = right!.data.reduce((most, value, i) => Math.max(most, Math.abs(value - here!.data[i]!)), 0);
  if (!(apart <= AGREE))
    throw new GraphError('device', `its numbers differ from the processor's by ${apart}`, 'run on the processor');
}

/** Opens the graphs; `device` is the decoder's, the small graphs before it stay on the processor. Throws `GraphError`. */
export async function openLiveModel(
  graphs: Graphs,
  words: LiveWords,
  index: LiveIndex,
  device: Device,
): Promise<LiveModel> {
  const decoder = await openDecoder(graphs.decoder, { device, mixed: true });
  const vision = await openSession(graphs.vision);
  const embed = await openSession(graphs.embed);
  const { dModel } = decoder.anatomy;
  const always = device === 'cpu' ? [] : insides(decoder);
  if (device !== 'cpu') await compareDevices(decoder, always, graphs.decoder);
  const patches = index.picture.rows * index.picture.columns;
  const embeddings = (ids: readonly number[]) => only(embed, i64(ids, [1, ids.length]));
  let seen: { picture: LivePicture; features: Float32Array } | undefined;

  async function features(picture: LivePicture): Promise<Float32Array> {
    if (!seen || !samePicture(seen.picture, picture))
      seen = { picture, features: await only(vision, pixelValues(picture, index)) };
    return seen.features;
  }

  return {
    decoder,
    always,
    words,
    async encode(picture, question) {
      const ids = picture ? words.prompt(question) : words.plain(question);
      if (picture) checkImageTokens(ids, index.imageToken, patches);
      const classes = classesOf(ids, index.bos ?? undefined, picture ? index.imageToken : undefined);
      const embeds = await embeddings(ids);
      if (picture) placeFeatures(embeds, classes, await features(picture), dModel);
      const sample = { id: 'probe', prompt: question };
      return { sample, ids: Int32Array.from(ids), classes, afterImage: afterImage(classes), embeds };
    },
    async extend(encoded, id) {
      const ids = [...encoded.ids, id];
      const embeds = new Float32Array(ids.length * dModel);
      embeds.set(encoded.embeds!);
      embeds.set(await embeddings([id]), encoded.ids.length * dModel);
      return { ...encoded, ids: Int32Array.from(ids), embeds };
    },
    async close() {
      await Promise.all([decoder.close(), vision.close(), embed.close()]);
    },
  };
}

/** One forward pass over one sample. */
export const forward = (
  { decoder, always }: LiveModel,
  encoded: Encoded,
  taps: readonly string[],
  interventions: readonly Intervention[],
) => decoder.run(padBatch([encoded], decoder.anatomy, 0), { taps: [...taps, ...always], interventions });

/**
 * Interventions that switch heads off at every position, as the pipeline ablates them.
 * @param means `[layers, heads, dHead]`
 */
export function switchOff(
  off: readonly LiveHead[],
  how: LiveRequest['how'],
  means: Float32Array,
  { heads, dHead }: Pick<LiveIndex, 'heads' | 'dHead'>,
): Intervention[] {
  return off.map(({ layer, head }) => {
    const at = `blocks.${layer}.attn.hook_z`;
    if (how === 'zero') return { at, op: 'zero', head };
    const from = (layer * heads + head) * dHead;
    return { at, op: 'set', head, value: f32(means.slice(from, from + dHead)) };
  });
}
