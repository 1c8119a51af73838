import type { ColumnData } from '#release/columns.ts';
import { significant } from '../../render/number.ts';
import { binned, type Mask } from './filter.ts';

const BINS = 40;
const HEIGHT = 34;
const SVG = 'http://www.w3.org/2000/svg';

/** A small histogram with two handles: all features in grey, those that the other filters keep in ink. */
export class RangeFilter {
  readonly element: HTMLElement;
  readonly #column: ColumnData;
  readonly #bars: SVGSVGElement;
  readonly #inputs: [HTMLInputElement, HTMLInputElement];
  readonly #text: HTMLElement;
  readonly #low: number;
  #all: Uint32Array | null = null;
  readonly #high: number;

  constructor(
    column: ColumnData,
    onChange: (range: readonly [number, number] | null) => void,
    onRemove: (() => void) | null,
  ) {
    const about = column.column;
    this.#column = column;
    [this.#low, this.#high] = [about.min ?? 0, about.max ?? 1];
    this.element = document.createElement('fieldset');
    this.element.className = 'range';
    const legend = document.createElement('legend');
    legend.textContent = about.title;
    legend.title = about.description;
    this.#bars = document.createElementNS(SVG, 'svg');
    this.#bars.setAttribute('width', '100%');
    this.#bars.setAttribute('height', String(HEIGHT));
    this.#bars.setAttribute('aria-hidden', 'true');
    this.#text = document.createElement('span');
    this.#text.className = 'range-text';
    this.#inputs = [this.#handle('least', this.#low), this.#handle('most', this.#high)];
    this.element.append(legend, this.#bars, ...this.#inputs, this.#text);
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

  show(others: Mask, range: readonly [number, number] | null): void {
    const [low, high] = range ?? [this.#low, this.#high];
    if (document.activeElement !== this.#inputs[0] && document.activeElement !== this.#inputs[1])
      [this.#inputs[0].value, this.#inputs[1].value] = [String(low), String(high)];
    for (const input of this.#inputs) input.setAttribute('aria-valuetext', significant(Number(input.value)));
    this.#text.textContent = range === null ? 'all' : `${significant(low)} to ${significant(high)}`;
    this.#all ??= binned(null, this.#column, this.#low, this.#high, BINS);
    const all = this.#all;
    const kept = binned(others, this.#column, this.#low, this.#high, BINS);
    const top = Math.sqrt(Math.max(1, ...all));
    const bar = (count: number, i: number, name: string): SVGRectElement => {
      const rect = document.createElementNS(SVG, 'rect');
      const height = (HEIGHT * Math.sqrt(count)) / top;
      const at = this.#low + ((i + 0.5) / BINS) * (this.#high - this.#low);
      rect.setAttribute('x', `${(100 * i) / BINS}%`);
      rect.setAttribute('width', `${100 / BINS - 0.3}%`);
      rect.setAttribute('y', (HEIGHT - height).toFixed(1));
      rect.setAttribute('height', height.toFixed(1));
      rect.setAttribute('class', name + (at < low || at > high ? ' out' : ''));
      return rect;
    };
    this.#bars.replaceChildren(
      ...[...all].map((n, i) => bar(n, i, 'all')),
      ...[...kept].map((n, i) => bar(n, i, 'kept')),
    );
  }
}
