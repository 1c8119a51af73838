import type { Processor, RawImage } from '@huggingface/transformers';
import { ParallaxError } from '#pipelines/config/errors.ts';

/** How a family of processors takes pictures, and how its prompts stand for one. */
interface PictureStyle {
  /** Arguments of the image processor for pictures of separate samples, each as one frame. */
  call(images: RawImage[]): unknown[];
  /** Text of one picture, in place of the image token that the chat template writes. */
  placeholder(imageToken: string, patches: number): string;
}

const plain: PictureStyle = {
  call: (images) => [images],
  placeholder: (imageToken, patches) => imageToken.repeat(patches),
};

/** The whole picture as one frame, not cut into tiles: image tokens then form one grid. */
const framed: PictureStyle = {
  call: (images) => [images.map((image) => [image]), { do_image_splitting: false }],
  placeholder: (imageToken, patches) =>
    `<fake_token_around_image><global-img>${imageToken.repeat(patches)}<fake_token_around_image>`,
};

/** By `processor_class` of the model's configuration. */
const STYLES: Readonly<Record<string, PictureStyle>> = {
  LlavaProcessor: plain,
  Idefics3Processor: framed,
  SmolVLMProcessor: framed,
};

/** The style of a model's processor. Throws `ParallaxError` on one whose prompts are not known. */
export function pictureStyle(folder: string, processor: Processor): PictureStyle {
  const settings = [processor.config, processor.image_processor?.config] as (
    | { processor_class?: string }
    | undefined
  )[];
  const name = settings.find((config) => config?.processor_class)?.processor_class ?? 'none';
  const style = Object.hasOwn(STYLES, name) ? STYLES[name] : undefined;
  if (style) return style;
  throw new ParallaxError(
    `model ${folder}: processor_class ${name} is not known`,
    `choose a model with one of ${Object.keys(STYLES).join(', ')}`,
  );
}
