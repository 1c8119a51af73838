import { type ColumnData, columnValue } from '#release/columns.ts';
import { binOf } from './filter.ts';
import type { Paint } from './scatter.ts';

type Rgb = readonly [number, number, number];
const STEPS = 12;

/** What CSS colours look like: each painted on a pixel and read back, since canvases know oklch and variables do not. */
function resolve(colours: readonly string[]): Rgb[] {
  const probes = colours.map((colour) => {
    const probe = document.createElement('span');
    probe.style.color = colour;
    return probe;
  });
  document.body.append(...probes);
  const computed = probes.map((probe) => getComputedStyle(probe).color);
  for (const probe of probes) probe.remove();
  const context = new OffscreenCanvas(colours.length, 1).getContext('2d', { willReadFrequently: true });
  computed.forEach((colour, i) => {
    if (!context) return;
    context.fillStyle = colour;
    context.fillRect(i, 0, 1, 1);
  });
  const pixels = context?.getImageData(0, 0, colours.length, 1).data ?? new Uint8ClampedArray(4 * colours.length);
  return colours.map((_, i) => [pixels[4 * i] as number, pixels[4 * i + 1] as number, pixels[4 * i + 2] as number]);
}

/** Colours with the muted one first, as the scatter wants them. */
function paintOf(colours: readonly string[], group: Uint8Array): Paint {
  const [muted, ...groups] = resolve(['var(--control-band)', ...colours]);
  return { muted: muted as Rgb, groups, group };
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
export function keyOf(column: ColumnData | null, count: number): Key {
  if (column === null) return { paint: paintOf(['var(--ink-soft)'], new Uint8Array(count)), entries: [] };
  const about = column.column;
  if (about.values !== null) {
    const colours = about.values.map((value) => CLASS_COLOURS[value] ?? 'var(--ink)');
    const group = Uint8Array.from(column.data, (_, i) => columnValue(column, i) ?? 0);
    return {
      paint: paintOf(colours, group),
      entries: about.values.map((name, i) => ({ name, colour: colours[i] as string })),
    };
  }
  const [low, high] = [about.min ?? 0, about.max ?? 1];
  const colours = Array.from(
    { length: STEPS },
    (_, i) => `color-mix(in oklab, var(--fires) ${Math.round(100 * ((i + 1) / STEPS))}%, var(--control-band))`,
  );
  const group = binOf(column, low, high, STEPS).map((bin) => (bin === STEPS ? 0 : bin));
  return {
    paint: paintOf(colours, group),
    entries: [
      { name: String(Number(low.toPrecision(3))), colour: colours[0] as string },
      { name: String(Number(high.toPrecision(3))), colour: colours[STEPS - 1] as string },
    ],
  };
}
