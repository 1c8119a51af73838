import type { ColumnData } from '#release/columns.ts';
import type { Mask } from './filter.ts';
import { discStamp, press } from './stamp.ts';

type Rgb = readonly [number, number, number];

/** Colours as they are drawn: one for what the filters leave out, then one a group. */
export interface Paint {
  readonly muted: Rgb;
  readonly groups: readonly Rgb[];
  /** Group of an ordinal. */
  readonly groupOf: (ordinal: number) => number;
}

export interface Frame {
  readonly x: ColumnData;
  readonly y: ColumnData;
  readonly mask: Mask;
  readonly paint: Paint;
}

const MARGIN = 8;
/** From so many points on they are drawn smaller. */
const MANY = 20_000;

/** Points on a canvas, written straight into its pixels: a hundred thousand of them in some ten milliseconds. */
export class Scatter {
  readonly #canvas: HTMLCanvasElement;
  #px = new Float32Array();
  #py = new Float32Array();
  #mask: Mask = new Uint8Array();
  #ratio = 1;
  #frame: Frame | null = null;
  /** What the positions were computed for. */
  #placed: readonly unknown[] = [];

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  draw(frame: Frame): void {
    this.#frame = frame;
    const box = this.#canvas.getBoundingClientRect();
    this.#ratio = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [box.width, box.height].map((side) => Math.max(1, Math.round(side * this.#ratio)));
    if (this.#canvas.width !== width) this.#canvas.width = width as number;
    if (this.#canvas.height !== height) this.#canvas.height = height as number;
    this.#place(frame);
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    const image = context.createImageData(this.#canvas.width, this.#canvas.height);
    const { muted, groups, groupOf } = frame.paint;
    const many = frame.mask.length >= MANY;
    this.#points(image, 0, many ? 0.6 : 1.4, 0.7, () => muted);
    this.#points(image, 1, many ? 1 : 2.4, many ? 0.6 : 0.8, (i) => groups[groupOf(i)] ?? muted);
    context.putImageData(image, 0, 0);
  }

  #place({ x, y, mask }: Frame): void {
    this.#mask = mask;
    const { width, height } = this.#canvas;
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
  }

  /** Discs of a radius in CSS pixels. */
  #points(image: ImageData, kept: 0 | 1, radius: number, opacity: number, colour: (ordinal: number) => Rgb): void {
    const stamp = discStamp(Math.max(0.6, radius * this.#ratio));
    for (let i = 0; i < this.#mask.length; i += 1) {
      if (this.#mask[i] !== kept) continue;
      const [x, y] = [this.#px[i] as number, this.#py[i] as number];
      if (!Number.isNaN(x) && !Number.isNaN(y)) press(image, stamp, Math.round(x), Math.round(y), colour(i), opacity);
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
