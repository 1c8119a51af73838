import { AutoProcessor, type Processor, RawImage } from '@huggingface/transformers';
import { openSession, type Session } from '#graph/session.ts';
import type { Tensor } from '#graph/tensor.ts';
import type { OpenOptions } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Image } from '../data/sample.ts';
import { requireGraph } from './files.ts';
import { opening } from './opening.ts';
import { pictureStyle } from './picture-style.ts';

/** Pictures to the embeddings that stand at the image tokens: processor, vision encoder and projector. */
export interface Vision {
  /** Side of the square that the processor resizes pictures to, pixels. */
  readonly imageSize: number;
  /** Image tokens of one picture. */
  readonly patches: number;
  /** Text of one picture in a prompt. */
  placeholder(imageToken: string): string;
  /** `[images, patches, dModel]` */
  features(images: readonly Image[]): Promise<Tensor<'float32'>>;
  close(): Promise<void>;
}

type Features = (images: readonly Image[]) => Promise<Tensor<'float32'>>;

/** Pictures of one forward pass of the encoder; bounds its memory. */
const BATCH = 32;

/** Opens the picture side of a model's folder. Throws `ParallaxError` where a file is missing or damaged. */
export async function openVision(folder: string, options: OpenOptions): Promise<Vision> {
  const path = requireGraph(folder, 'vision');
  const processor = await opening(folder, 'preprocessor_config.json', () =>
    AutoProcessor.from_pretrained(folder, { local_files_only: true }),
  );
  const style = pictureStyle(folder, processor);
  const session = await opening(folder, path, () => openSession(path, options));
  const features: Features = async (images) => {
    const parts: Tensor<'float32'>[] = [];
    for (let i = 0; i < images.length; i += BATCH) {
      const raw = images.slice(i, i + BATCH).map(({ data, width, height }) => new RawImage(data, width, height, 3));
      const [first, ...more] = style.call(raw);
      parts.push(await runEncoder(session, await processor.image_processor!(first as RawImage[], ...more)));
    }
    return joinRows(parts);
  };
  const imageSize = imageSizeOf(processor);
  const patches = (await features([blackSquare(imageSize)])).dims[1]!;
  return {
    imageSize,
    patches,
    features,
    placeholder: (imageToken) => style.placeholder(imageToken, patches),
    close: () => session.close(),
  };
}

const blackSquare = (side: number): Image => ({ width: side, height: side, data: new Uint8Array(3 * side * side) });

/** Side of a frame: of the resized picture, or of the frame that a tiling processor cuts. */
function imageSizeOf({ image_processor }: Processor): number {
  const settings = (image_processor ?? {}) as {
    size?: Record<string, number>;
    config?: { max_image_size?: Record<string, number> };
  };
  const { config, size } = settings;
  return config?.max_image_size?.['longest_edge'] ?? size?.['height'] ?? size?.['shortest_edge'] ?? 0;
}

/** Feeds the encoder what it asks for of the processor's output, by name. */
async function runEncoder(session: Session, processed: Record<string, unknown>): Promise<Tensor<'float32'>> {
  const inputs: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    const value = processed[name] as Tensor | undefined;
    if (!value)
      throw new ParallaxError(
        `the vision encoder asks for ${name}, which its processor does not give`,
        'put the preprocessor_config.json of this very model in its folder',
      );
    inputs[name] = { type: value.type, dims: value.dims, data: value.data };
  }
  const [output] = session.outputNames;
  const features = (await session.run(inputs, [output!]))[output!]!;
  if (features.type !== 'float32' || features.dims.length !== 3)
    throw new ParallaxError(
      `the vision encoder gives ${features.type} [${features.dims}], not float32 [image, patch, width]`,
      'export the vision encoder with its projector in float32',
    );
  return features as Tensor<'float32'>;
}

function joinRows(parts: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  const [, patches = 0, width = 0] = parts[0]?.dims ?? [];
  const images = parts.reduce((sum, part) => sum + part.dims[0]!, 0);
  const data = new Float32Array(images * patches * width);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { type: 'float32', dims: [images, patches, width], data };
}
