import type { LiveFile, LiveIndex } from '#release/probe/live.ts';
import { TextRefused, type TextReply, type TextRequest, type TextToken } from '#release/probe/text.ts';
import { TOKEN_CLASS } from '../../../models/types.ts';
import { createEncoder, type Encoder } from '../../../sae/encode.ts';
import { unpackEncoder } from '../dictionary.ts';
import { forward, type LiveModel, openLiveModel } from '../model.ts';
import { liveWords } from '../words.ts';

/** Tokens of one text, a picture's included: the work of a request stays bounded. */
export const MAX_TOKENS = 256;
/** Encoders kept open, each a float32 matrix `[d, n]`. */
const ENCODERS = 4;

/** A release's tuned model with the dictionaries that read it. */
export interface TextProbe {
  /** Throws `TextRefused`. */
  ask(request: Omit<TextRequest, 'release'>): Promise<Extract<TextReply, { tokens: unknown }>>;
  close(): Promise<void>;
}

type Get = (file: LiveFile) => Promise<Uint8Array>;
type Request = Omit<TextRequest, 'release'>;

const CLASSES = Object.fromEntries(Object.entries(TOKEN_CLASS).map(([name, id]) => [id, name])) as Record<
  number,
  TextToken['class']
>;
const json = (bytes: Uint8Array): object => JSON.parse(new TextDecoder().decode(bytes));
/** The digits that a float32 holds for sure. */
const shown = (value: number): number => Number(value.toPrecision(6));

/** The file of the dictionary asked for. */
function dictionaryOf({ layers }: LiveIndex, { layer, stage }: Request): LiveFile {
  const found = layers.find((one) => one.layer === layer);
  if (!found)
    throw new TextRefused(
      'layer',
      `there is no dictionary of layer ${layer}`,
      layers.map((one) => String(one.layer)),
    );
  const file = Object.hasOwn(found.stages, stage) ? found.stages[stage] : undefined;
  if (!file) throw new TextRefused('stage', `there is no dictionary of stage ${stage}`, Object.keys(found.stages));
  return file;
}

/** Ids of a request's text. Throws `TextRefused` where they are too many, or hold tokens that stand for pictures. */
function checkText(model: LiveModel, index: LiveIndex, { text, picture }: Request): void {
  const { words } = model;
  if (words.tokenize(text).includes(index.imageToken))
    throw new TextRefused('text', 'it holds the token that stands for a picture');
  const { length } = picture ? words.prompt(text) : words.plain(text);
  if (length > MAX_TOKENS) throw new TextRefused('text', `${length} tokens, at most ${MAX_TOKENS} are read`);
}

function checkPicture({ picture: { side } }: LiveIndex, { picture }: Request): void {
  if (picture && (picture.width !== side || picture.height !== side))
    throw new TextRefused('image', `${picture.width} x ${picture.height} pixels, this model reads ${side} x ${side}`);
}

/** The `top` largest positive entries of a row, the largest first. */
function strongest(row: Float32Array, top: number): TextToken['features'] {
  const found: { index: number; value: number }[] = [];
  row.forEach((value, index) => {
    if (value > 0) found.push({ index, value });
  });
  return found
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, top)
    .map(({ index, value }) => ({ index, value: shown(value) }));
}

/** Opens the model of an index; dictionaries follow as they are asked for. */
export async function openTextProbe(index: LiveIndex, get: Get): Promise<TextProbe> {
  const { model: files } = index;
  const [vision, embed, decoder] = [await get(files.vision), await get(files.embed), await get(files.decoder)];
  const words = liveWords(json(await get(files.tokenizer)), json(await get(files.tokenizerConfig)), index);
  const model = await openLiveModel({ vision, embed, decoder }, words, index, 'cpu');
  // One graph gives all layers, so that one session serves every request.
  const site = (layer: number) => `blocks.${layer}.hook_resid_post`;
  const sites = index.layers.map(({ layer }) => site(layer));
  const encoders = new Map<string, Encoder>();

  async function encoderOf(file: LiveFile): Promise<Encoder> {
    const kept = encoders.get(file.path);
    encoders.delete(file.path);
    const encoder = kept ?? (await createEncoder(unpackEncoder(await get(file))));
    encoders.set(file.path, encoder);
    for (const [path, oldest] of encoders) {
      if (encoders.size <= ENCODERS) break;
      encoders.delete(path);
      await oldest.close();
    }
    return encoder;
  }

  return {
    async ask(request) {
      const file = dictionaryOf(index, request);
      checkPicture(index, request);
      checkText(model, index, request);
      const encoder = await encoderOf(file);
      const encoded = await model.encode(request.picture, request.text);
      const taps = await forward(model, encoded, sites, []);
      const tokens = encoded.ids.length;
      const f = await encoder.encode(taps[site(request.layer)]!.data, tokens);
      const n = f.length / tokens;
      return {
        tokens: Array.from(encoded.ids, (id, t) => ({
          text: words.tokenText(id),
          class: CLASSES[encoded.classes[t]!]!,
          features: strongest(f.subarray(t * n, (t + 1) * n), request.top),
        })),
      };
    },
    async close() {
      await model.close();
      for (const encoder of encoders.values()) await encoder.close();
    },
  };
}
