import { basename, resolve } from 'node:path';
import { openDecoder } from '#graph/decoder.ts';
import { openSession, type Session } from '#graph/session.ts';
import { f32, i64, type Tensor } from '#graph/tensor.ts';
import type { OpenOptions } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sample } from '../data/sample.ts';
import { checkModel } from './check.ts';
import { afterImage, checkImageTokens, classesOf, padBatch, placeFeatures } from './encode.ts';
import { findGraph, hashFolder, readJson, requireGraph } from './files.ts';
import { locateModel } from './hub.ts';
import { opening } from './opening.ts';
import type { Encoded, TracedModel } from './types.ts';
import { unembedDirections } from './unembed.ts';
import { openVision, type Vision } from './vision.ts';
import { openWords } from './words.ts';

export interface OpenModelOptions extends OpenOptions {
  /** `tuned` must see pictures. */
  readonly role?: 'base' | 'tuned' | 'control';
}

/**
 * Opens a model for tracing: a folder in the transformers.js layout (never looked for elsewhere), or a hub id.
 *
 * @throws ParallaxError where a file is missing or damaged, or the tokenizer is not the model's
 */
export async function openModel(pathOrId: string, options: OpenModelOptions = {}): Promise<TracedModel> {
  const folder = await locateModel(pathOrId);
  const config = await readJson(folder, 'config.json');
  const sees = findGraph(folder, 'vision') !== undefined;
  if (options.role === 'tuned' && !sees) requireGraph(folder, 'vision');
  const decoderPath = requireGraph(folder, 'decoder');
  const words = await openWords(folder, { lists: sees });
  const decoder = await opening(folder, decoderPath, () => openDecoder(decoderPath, options));
  const { anatomy } = decoder;
  const embedder = anatomy.tokens.kind === 'embeddings' ? await openEmbedder(folder, options) : undefined;
  const vision = sees ? await openVision(folder, options) : undefined;
  const imageToken = (config['image_token_id'] ?? config['image_token_index']) as number | undefined;
  checkModel(folder, { config, words, anatomy, imageToken, sees });
  const token = imageToken === undefined ? undefined : words.tokenOf(imageToken);
  const picture = vision && token ? { token, text: vision.placeholder(token) } : undefined;

  async function featuresOf(sample: Sample, image: 'own' | 'mean' | 'none', mean: Float32Array | undefined) {
    if (image === 'none' || (image === 'own' && !sample.image)) return undefined;
    if (!vision)
      throw new ParallaxError(`model ${folder} does not see pictures`, "read its text alone: encode with image 'none'");
    if (image === 'own') return (await vision.features([sample.image!])).data;
    if (mean?.length === anatomy.dModel) return mean;
    throw new ParallaxError(
      `meanImage has ${mean?.length ?? 0} numbers, not ${anatomy.dModel}`,
      'give the result of meanImageFeature',
    );
  }

  return {
    id: basename(resolve(pathOrId)),
    hash: await hashFolder(folder),
    sees,
    decoder,
    ...(vision ? { patches: gridOf(vision) } : {}),
    async encode(sample, { image = 'own', meanImage, answer = false } = {}): Promise<Encoded> {
      const features = await featuresOf(sample, image, meanImage);
      const ids = words.sampleIds(sample, { picture: features && picture, answer });
      if (features) checkImageTokens(ids, imageToken!, vision!.patches);
      const classes = classesOf(ids, words.bos, features ? imageToken : undefined);
      const encoded = { sample, ids: Int32Array.from(ids), classes, afterImage: afterImage(classes) };
      if (!embedder) return encoded;
      const embeds = await embed(embedder, ids);
      if (features) placeFeatures(embeds, classes, features, anatomy.dModel);
      return { ...encoded, embeds };
    },
    inputs: (batch) => padBatch(batch, anatomy, words.pad),
    async imageFeatures(samples) {
      const images = samples.flatMap((sample) => (sample.image ? [sample.image] : []));
      if (!vision || images.length < samples.length)
        throw new ParallaxError(
          vision ? 'a sample without picture has no image features' : `model ${folder} does not see pictures`,
          vision ? 'choose a data set with pictures' : 'open the tuned model',
        );
      return (await vision.features(images)).data;
    },
    unembed: (directions) =>
      unembedDirections(
        decoder,
        (positions) => ({
          [anatomy.tokens.input]: embedder
            ? f32(new Float32Array(positions * anatomy.dModel), [1, positions, anatomy.dModel])
            : i64(new BigInt64Array(positions), [1, positions]),
        }),
        directions,
      ),
    tokenize: words.tokenize,
    tokenText: words.tokenText,
    async close() {
      await decoder.close();
      await embedder?.close();
      await vision?.close();
    },
  };
}

async function openEmbedder(folder: string, options: OpenOptions): Promise<Session> {
  const path = requireGraph(folder, 'embed');
  return opening(folder, path, () => openSession(path, options));
}

/** Word embeddings `[pos, dModel]`. */
async function embed(session: Session, ids: readonly number[]): Promise<Float32Array> {
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  const out = await session.run({ [input!]: i64(ids, [1, ids.length]) });
  return (out[output!] as Tensor<'float32'>).data;
}

/** The square grid of image tokens. */
function gridOf({ patches, imageSize }: Vision): NonNullable<TracedModel['patches']> {
  const side = Math.sqrt(patches);
  if (Number.isInteger(side)) return { rows: side, columns: side, imageSize };
  throw new ParallaxError(
    `the vision encoder gives ${patches} tokens a picture, which is no square grid`,
    'choose a model whose image tokens form a square',
  );
}
