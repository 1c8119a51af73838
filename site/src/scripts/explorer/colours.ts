import { type ColumnData, columnValue } from '#release/columns.ts';
import type { Paint } from './scatter.ts';

type Rgb = readonly [number, number, number];
const STEPS = 12;

/** What a CSS colour looks like: painted on one pixel and read back, since canvases know oklch and variables do not. */
function resolve(colour: string): Rgb {
  const probe = document.createElement('span');
  probe.style.color = colour;
  document.body.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  if (!context) return [0, 0, 0];
  context.fillStyle = computed;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return [r as number, g as number, b as number];
}

/** Name and colour of each group, for the key beside the plot. */
export interface Key {
  readonly paint: Paint;
  readonly entries: readonly { readonly name: string; readonly colour: string }[];
}

const CLASS_COLOURS: Record<string, string> = {
  vision: 'var(--vision)',
  language: 'var(--language)',
  cross: 'var(--ink-soft)',
  none: 'var(--control)',
};

/** Classes by their accent, flags in ink or grey, numbers in steps of the activation hue. */
export function keyOf(column: ColumnData | null): Key {
  const muted = resolve('var(--control-band)');
  if (column === null) return { paint: { muted, groups: [resolve('var(--ink-soft)')], groupOf: () => 0 }, entries: [] };
  const about = column.column;
  if (about.values !== null) {
    const colours = about.values.map((value) => CLASS_COLOURS[value] ?? 'var(--ink)');
    return {
      paint: { muted, groups: colours.map(resolve), groupOf: (i) => columnValue(column, i) ?? 0 },
      entries: about.values.map((name, i) => ({ name, colour: colours[i] as string })),
    };
  }
  const [low, high] = [about.min ?? 0, about.max ?? 1];
  const colours = Array.from(
    { length: STEPS },
    (_, i) => `color-mix(in oklab, var(--fires) ${Math.round(100 * ((i + 1) / STEPS))}%, var(--control-band))`,
  );
  const groupOf = (i: number): number => {
    const value = columnValue(column, i);
    return value === null ? 0 : Math.min(STEPS - 1, Math.floor(((value - low) / (high - low || 1)) * STEPS));
  };
  return {
    paint: { muted, groups: colours.map(resolve), groupOf },
    entries: [
      { name: String(Number(low.toPrecision(3))), colour: colours[0] as string },
      { name: String(Number(high.toPrecision(3))), colour: colours[STEPS - 1] as string },
    ],
  };
}
