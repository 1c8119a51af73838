import type { ColumnData } from '#release/columns.ts';
import { significant } from '../../render/number.ts';
import { binOf } from './filter.ts';
import type { Kept } from './kept.ts';

const BINS = 40;
const HEIGHT = 34;
const SVG = 'http://www.w3.org/2000/svg';

function path(name: string): SVGPathElement {
  const element = document.createElementNS(SVG, 'path');
  element.setAttribute('class', name);
  return element;
}

/** A small histogram with two handles: all features in grey, those that the other filters keep in ink. */
export class RangeFilter {
  readonly element: HTMLElement;
  readonly #column: ColumnData;
  readonly #paths = { all: path('all'), kept: path('kept'), out: path('out') };
  readonly #inputs: [HTMLInputElement, HTMLInputElement];
  readonly #text: HTMLElement;
  readonly #low: number;
  readonly #high: number;
  /** Bin of every feature, and the heights that the others are drawn to. */
  readonly #bins: Uint8Array;
  readonly #top: number;

  constructor(
    column: ColumnData,
    onChange: (range: readonly [number, number] | null) => void,
    onRemove: (() => void) | null,
  ) {
    const about = column.column;
    this.#column = column;
    [this.#low, this.#high] = [about.min ?? 0, about.max ?? 1];
    this.#bins = binOf(column, this.#low, this.#high, BINS);
    const all = new Uint32Array(BINS + 1);
    for (const bin of this.#bins) all[bin]! += 1;
    this.#top = Math.sqrt(Math.max(1, ...all.subarray(0, BINS)));
    this.#paths.all.setAttribute('d', outline(all.subarray(0, BINS), this.#top));
    this.element = document.createElement('fieldset');
    this.element.className = 'range';
    const legend = document.createElement('legend');
    legend.textContent = about.title;
    legend.title = about.description;
    const bars = document.createElementNS(SVG, 'svg');
    const sizes = {
      width: '100%',
      height: String(HEIGHT),
      viewBox: `0 0 ${BINS} ${HEIGHT}`,
      preserveAspectRatio: 'none',
    };
    for (const [name, value] of Object.entries({ ...sizes, 'aria-hidden': 'true' })) bars.setAttribute(name, value);
    bars.append(...Object.values(this.#paths));
    this.#text = document.createElement('span');
    this.#text.className = 'range-text';
    this.#inputs = [this.#handle('least', this.#low), this.#handle('most', this.#high)];
    this.element.append(legend, bars, ...this.#inputs, this.#text);
    for (const input of this.#inputs) input.addEventListener('input', () => onChange(this.#read()));
    if (onRemove) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'link';
      button.textContent = 'Remove';
      button.setAttribute('aria-label', `Remove the filter ${about.title}`);
      button.addEventListener('click', onRemove);
      this.element.append(button);
    }
  }

  #handle(which: string, value: number): HTMLInputElement {
    const input = document.createElement('input');
    input.type = 'range';
    const whole = this.#column.column.kind === 'integer';
    input.min = String(this.#low);
    input.max = String(this.#high);
    input.step = whole ? '1' : String((this.#high - this.#low) / 400 || 1);
    input.value = String(value);
    input.setAttribute('aria-label', `${this.#column.column.title}, ${which}`);
    return input;
  }

  /** Null where both handles stand at the ends. */
  #read(): readonly [number, number] | null {
    const [a, b] = this.#inputs.map((input) => Number(input.value)) as [number, number];
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const slack = (this.#high - this.#low) * 1e-6;
    if (low <= this.#low + slack && high >= this.#high - slack) return null;
    return [Number(low.toPrecision(6)), Number(high.toPrecision(6))];
  }

  show(kept: Kept, range: readonly [number, number] | null): void {
    const [low, high] = range ?? [this.#low, this.#high];
    if (document.activeElement !== this.#inputs[0] && document.activeElement !== this.#inputs[1])
      [this.#inputs[0].value, this.#inputs[1].value] = [String(low), String(high)];
    for (const input of this.#inputs) input.setAttribute('aria-valuetext', significant(Number(input.value)));
    this.#text.textContent = range === null ? 'all' : `${significant(low)} to ${significant(high)}`;
    const others = kept.binned(this.#column.column.name, this.#bins, BINS);
    this.#paths.kept.setAttribute('d', outline(others, this.#top));
    const place = (value: number): number => (BINS * (value - this.#low)) / (this.#high - this.#low || 1);
    this.#paths.out.setAttribute(
      'd',
      `M0 0H${place(low)}V${HEIGHT}H0ZM${place(high)} 0H${BINS}V${HEIGHT}H${place(high)}Z`,
    );
  }
}

/** Bars as one outline, heights by the square root of the count. */
const outline = (counts: Uint32Array, top: number): string =>
  [...counts]
    .map(
      (count, i) =>
        `M${i + 0.06} ${HEIGHT}V${(HEIGHT - (HEIGHT * Math.sqrt(count)) / top).toFixed(1)}H${i + 0.94}V${HEIGHT}Z`,
    )
    .join('');
