import { AutoProcessor, type Processor, RawImage } from '@huggingface/transformers';
import { openSession, type Session } from '#graph/session.ts';
import type { Tensor } from '#graph/tensor.ts';
import type { OpenOptions } from '#graph/types.ts';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Image } from '../data/sample.ts';
import { requireGraph } from './files.ts';
import { opening } from './opening.ts';

/** Pictures to the embeddings that stand at the image tokens: processor, vision encoder and projector. */
export interface Vision {
  /** Side of the square that the processor resizes pictures to, pixels. */
  readonly imageSize: number;
  /** `[images, patches, dModel]` */
  features(images: readonly Image[]): Promise<Tensor<'float32'>>;
  close(): Promise<void>;
}

/** Pictures of one forward pass of the encoder; bounds its memory. */
const BATCH = 32;

/** Opens the picture side of a model's folder. Throws `ParallaxError` where a file is missing or damaged. */
export async function openVision(folder: string, options: OpenOptions): Promise<Vision> {
  const path = requireGraph(folder, 'vision');
  const processor = await opening(folder, 'preprocessor_config.json', () =>
    AutoProcessor.from_pretrained(folder, { local_files_only: true }),
  );
  const session = await opening(folder, path, () => openSession(path, options));
  return {
    imageSize: imageSizeOf(processor),
    async features(images) {
      const parts: Tensor<'float32'>[] = [];
      for (let i = 0; i < images.length; i += BATCH)
        parts.push(await encodeImages(processor, session, images.slice(i, i + BATCH)));
      return joinRows(parts);
    },
    close: () => session.close(),
  };
}

function imageSizeOf(processor: Processor): number {
  const size = (processor.image_processor as { size?: { height?: number; shortest_edge?: number } } | undefined)?.size;
  return size?.height ?? size?.shortest_edge ?? 0;
}

async function encodeImages(
  processor: Processor,
  session: Session,
  images: readonly Image[],
): Promise<Tensor<'float32'>> {
  const raw = images.map(({ data, width, height }) => new RawImage(data, width, height, 3));
  const { pixel_values } = await processor.image_processor!(raw);
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  const pixels = { type: 'float32', dims: pixel_values.dims, data: pixel_values.data } as Tensor<'float32'>;
  const out = await session.run({ [input!]: pixels }, [output!]);
  const features = out[output!]!;
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
