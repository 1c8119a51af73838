/** Coverage of the pixels of a disc, 0 to 1, `side` by `side`, its centre in the middle. */
export interface Stamp {
  readonly side: number;
  readonly coverage: Float32Array;
}

const SUBPIXELS = 4;

/** A disc of a radius in pixels with soft edges. */
export function discStamp(radius: number): Stamp {
  const reach = Math.ceil(radius);
  const side = 2 * reach + 1;
  const coverage = new Float32Array(side * side);
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1) {
      let inside = 0;
      for (let i = 0; i < SUBPIXELS * SUBPIXELS; i += 1) {
        const dx = x - reach + ((i % SUBPIXELS) + 0.5) / SUBPIXELS - 0.5;
        const dy = y - reach + (Math.floor(i / SUBPIXELS) + 0.5) / SUBPIXELS - 0.5;
        if (dx * dx + dy * dy <= radius * radius) inside += 1;
      }
      coverage[y * side + x] = inside / (SUBPIXELS * SUBPIXELS);
    }
  return { side, coverage };
}

/**
 * Lays a stamp of one colour over an image (RGBA, not premultiplied), centred on a pixel; what falls outside is cut.
 * @param opacity of the stamp's full pixels, 0 to 1
 */
export function press(
  image: ImageData,
  stamp: Stamp,
  cx: number,
  cy: number,
  [r, g, b]: readonly number[],
  opacity: number,
): void {
  const { data, width, height } = image;
  const reach = (stamp.side - 1) / 2;
  for (let j = 0; j < stamp.side; j += 1) {
    const y = cy - reach + j;
    if (y < 0 || y >= height) continue;
    for (let i = 0; i < stamp.side; i += 1) {
      const x = cx - reach + i;
      const over = (stamp.coverage[j * stamp.side + i] as number) * opacity;
      if (over === 0 || x < 0 || x >= width) continue;
      const at = 4 * (y * width + x);
      const under = ((data[at + 3] as number) / 255) * (1 - over);
      const alpha = over + under;
      data[at] = ((r as number) * over + (data[at] as number) * under) / alpha;
      data[at + 1] = ((g as number) * over + (data[at + 1] as number) * under) / alpha;
      data[at + 2] = ((b as number) * over + (data[at + 2] as number) * under) / alpha;
      data[at + 3] = 255 * alpha;
    }
  }
}

/** One pixel of a colour as the word that image data holds, red in the lowest byte. */
export const dab = ([r, g, b]: readonly number[], opacity: number): number =>
  ((Math.round(255 * opacity) << 24) | ((b as number) << 16) | ((g as number) << 8) | (r as number)) >>> 0;
