import type { ColumnData } from '#release/columns.ts';
import { breathe } from './dom.ts';
import type { Mask } from './filter.ts';
import { dab, discStamp, press } from './stamp.ts';

type Rgb = readonly [number, number, number];

/** Colours as they are drawn: one for what the filters leave out, then one a group. */
export interface Paint {
  readonly muted: Rgb;
  readonly groups: readonly Rgb[];
  /** Group of each ordinal. */
  readonly group: Uint8Array;
}

export interface Frame {
  readonly x: ColumnData;
  readonly y: ColumnData;
  readonly mask: Mask;
  readonly paint: Paint;
}

const MARGIN = 8;
/** From so many points on they are drawn smaller, and plainly while something moves. */
const MANY = 20_000;
/** Points with soft edges that are drawn before the reader gets a turn. */
const SLICE = 1500;

/** Points on a canvas, written straight into its pixels. */
export class Scatter {
  readonly #canvas: HTMLCanvasElement;
  #px = new Float32Array();
  #py = new Float32Array();
  /** Index of the pixel in the middle of each point; -1 where it has no place. */
  #pixel = new Int32Array();
  #mask: Mask = new Uint8Array();
  #image: ImageData | null = null;
  #box: { readonly width: number; readonly height: number } | null = null;
  #ratio = 1;
  #frame: Frame | null = null;
  /** What the positions were computed for. */
  #placed: readonly unknown[] = [];

  /** @param onResize called when the canvas has another size than the one it was drawn in */
  constructor(canvas: HTMLCanvasElement, onResize: () => void) {
    this.#canvas = canvas;
    new ResizeObserver(() => {
      const { width, height } = canvas.getBoundingClientRect();
      if (this.#box && (this.#box.width !== width || this.#box.height !== height)) {
        this.#box = null;
        onResize();
      }
    }).observe(canvas);
  }

  /** @param moving draws many points without soft edges, in a few milliseconds; to be followed by a draw that is not moving */
  async draw(frame: Frame, moving: boolean): Promise<void> {
    this.#frame = frame;
    this.#box ??= this.#canvas.getBoundingClientRect();
    const ratio = Math.min(2, devicePixelRatio || 1);
    this.#ratio = ratio;
    const [width, height] = [this.#box.width, this.#box.height].map((side) => Math.max(1, Math.round(side * ratio)));
    const context = this.#canvas.getContext('2d');
    if (!context || !width || !height) return;
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#image = context.createImageData(width, height);
    }
    const image = this.#image;
    const pixels = new Uint32Array(image.data.buffer).fill(0);
    this.#place(frame, width, height);
    const many = frame.mask.length >= MANY;
    if (many && moving) {
      this.#dabs(pixels, width, 0, 0.7);
      this.#dabs(pixels, width, 1, 0.8);
    } else {
      const size = moving ? frame.mask.length : SLICE;
      const whole =
        (await this.#discs(image, 0, many ? 0.6 : 1.4, 0.7, size)) &&
        (await this.#discs(image, 1, many ? 1 : 2.4, many ? 0.6 : 0.8, size));
      if (!whole) return;
    }
    context.putImageData(image, 0, 0);
  }

  #place({ x, y, mask }: Frame, width: number, height: number): void {
    this.#mask = mask;
    const placed = [x, y, width, height] as const;
    if (placed.every((part, i) => part === this.#placed[i])) return;
    this.#placed = placed;
    const margin = MARGIN * this.#ratio;
    const scale = (column: ColumnData, length: number) => {
      const [low, high] = [column.column.min ?? 0, column.column.max ?? 1];
      return (value: number) => margin + ((value - low) / (high - low || 1)) * (length - 2 * margin);
    };
    const [toX, toY] = [scale(x, width), scale(y, height)];
    this.#px = Float32Array.from(x.data, toX);
    this.#py = Float32Array.from(y.data, (value) => height - toY(value));
    this.#pixel = Int32Array.from(this.#px, (left, i) => {
      const pixel = Math.round(this.#py[i] as number) * width + Math.round(left);
      return Number.isNaN(pixel) ? -1 : pixel;
    });
  }

  /** Discs with soft edges, of a radius in CSS pixels, in slices of points. False when another frame began between two slices. */
  async #discs(image: ImageData, kept: 0 | 1, radius: number, opacity: number, slice: number): Promise<boolean> {
    const frame = this.#frame as Frame;
    const { muted, groups, group } = frame.paint;
    const stamp = discStamp(Math.max(0.6, radius * this.#ratio));
    let drawn = 0;
    for (let i = 0; i < this.#mask.length; i += 1) {
      const pixel = this.#pixel[i] as number;
      if (this.#mask[i] !== kept || pixel < 0) continue;
      drawn += 1;
      if (drawn % slice === 0) {
        await breathe();
        if (this.#frame !== frame) return false;
      }
      const colour = kept === 0 ? muted : (groups[group[i] as number] ?? muted);
      press(image, stamp, pixel % image.width, Math.floor(pixel / image.width), colour, opacity);
    }
    return true;
  }

  /** Small crosses of one strength; the margin keeps them inside the image. */
  #dabs(pixels: Uint32Array, width: number, kept: 0 | 1, opacity: number): void {
    const { muted, groups, group } = (this.#frame as Frame).paint;
    const words = Uint32Array.from([muted, ...groups], (colour) => dab(colour, opacity));
    for (let i = 0; i < this.#mask.length; i += 1) {
      const pixel = this.#pixel[i] as number;
      if (this.#mask[i] !== kept || pixel < 0) continue;
      const word = words[kept === 0 ? 0 : 1 + (group[i] as number)] as number;
      pixels[pixel] = word;
      pixels[pixel + 1] = word;
      pixels[pixel - 1] = word;
      pixels[pixel + width] = word;
      pixels[pixel - width] = word;
    }
  }

  /** The kept point nearest to a place on the page, within ten pixels; -1 where there is none. */
  nearest(clientX: number, clientY: number): number {
    const box = this.#canvas.getBoundingClientRect();
    const [x, y] = [(clientX - box.left) * this.#ratio, (clientY - box.top) * this.#ratio];
    let best = (10 * this.#ratio) ** 2;
    let found = -1;
    for (let i = 0; i < this.#mask.length; i += 1) {
      if (this.#mask[i] === 0) continue;
      const distance = ((this.#px[i] as number) - x) ** 2 + ((this.#py[i] as number) - y) ** 2;
      if (distance < best) [best, found] = [distance, i];
    }
    return found;
  }

  /** Values under a place on the page. */
  valuesAt(clientX: number, clientY: number): { x: number; y: number } | null {
    if (!this.#frame) return null;
    const box = this.#canvas.getBoundingClientRect();
    const value = (column: ColumnData, share: number, length: number): number => {
      const [low, high] = [column.column.min ?? 0, column.column.max ?? 1];
      const inner = (share * length - MARGIN) / (length - 2 * MARGIN);
      return low + Math.min(1, Math.max(0, inner)) * (high - low);
    };
    return {
      x: value(this.#frame.x, (clientX - box.left) / box.width, box.width),
      y: value(this.#frame.y, 1 - (clientY - box.top) / box.height, box.height),
    };
  }
}
