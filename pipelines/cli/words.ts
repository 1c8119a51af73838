import { InvalidArgumentError } from 'commander';

/** Parses a whole number from `least`, for an option or an argument. */
export const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`a whole number from ${least} is wanted.`);
    return value;
  };

/** Collects whole numbers from 0, one option each. */
export const collectLayers = (text: string, all: number[] | undefined): number[] => [...(all ?? []), whole(0)(text)];
