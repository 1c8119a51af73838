import { fixed } from './number.ts';

/** A linear axis over `[low, high]`, positions given in percent so that a plot fits any width without scaling its type. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Digits after the point that tell the ticks apart. */
  readonly digits: number;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** Smallest "nice" axis that holds all values, with about `wanted` ticks. */
export function niceAxis(values: readonly number[], wanted = 4): Axis {
  const finite = values.filter(Number.isFinite);
  let low = Math.min(...finite);
  let high = Math.max(...finite);
  if (finite.length === 0) [low, high] = [0, 1];
  // A spread within rounding of the values is no spread.
  if (high - low <= 1e-9 * Math.max(1, Math.abs(low), Math.abs(high))) [low, high] = [low - 0.5, high + 0.5];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((s) => s * power >= rough - 1e-12) as number) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { low: ticks[0] as number, high: ticks.at(-1) as number, ticks, digits: digitsOf(step) };
}

/** An axis that ends where the values end, with the nice ticks that lie within. */
export function tightAxis(low: number, high: number): Axis {
  const nice = niceAxis([low, high]);
  return { ...nice, low, high, ticks: nice.ticks.filter((tick) => tick >= low && tick <= high) };
}

/** An axis with given ends and ticks. */
export const fixedAxis = (ticks: readonly number[], digits: number): Axis => ({
  low: ticks[0] as number,
  high: ticks.at(-1) as number,
  ticks,
  digits,
});

function digitsOf(step: number): number {
  for (let digits = 0; digits < 8; digits++)
    if (Math.abs(step - Number(step.toFixed(digits))) < step * 1e-6) return digits;
  return 8;
}

/** Position of a value, 0 to 100, clamped. */
export const at = (axis: Axis, value: number): number =>
  Number((100 * Math.min(1, Math.max(0, (value - axis.low) / (axis.high - axis.low)))).toFixed(2));

export const tickText = (axis: Axis, value: number): string => fixed(value, axis.digits);
