import { ParallaxError } from '#pipelines/config/errors.ts';

/** A statistic that is not defined for what it was given. `message` names the statistic and the argument. */
export class StatisticsError extends ParallaxError {
  override readonly name = 'StatisticsError';
}

/** The error of `statistic` whose `argument` breaks `rule`. */
export const undefinedFor = (statistic: string, argument: string, rule: string): StatisticsError =>
  new StatisticsError(`${statistic}: ${argument} ${rule}`, 'give other data, or leave this statistic out');

/** Throws where `values` holds a NaN or an infinity. */
export function requireFinite(statistic: string, argument: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1)
    if (!Number.isFinite(values[i]!)) throw undefinedFor(statistic, argument, `holds ${values[i]} at ${i}`);
}
