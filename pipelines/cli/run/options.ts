import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig, parseOverride } from '../../config/load.ts';
import { PRESETS } from '../../config/presets.ts';
import type { RunConfig } from '../../config/schema.ts';

/** Options of the commands that take a config. */
export interface ConfigOptions {
  readonly out?: string;
  readonly device?: 'cpu' | 'webgpu' | 'cuda';
  readonly workers: number;
  readonly full?: boolean;
  readonly set: readonly string[];
}

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 is wanted.');
  return value;
};

/** Adds `[config]` and its options to a command. */
export const withConfig = (command: Command): Command =>
  command
    .argument('[config]', `preset (${Object.keys(PRESETS).join(', ')}) or config.json`, 'demo')
    .option('--out <folder>', 'folder of the run (default: .parallax/<name of the release>)')
    .addOption(new Option('--device <device>', 'where the models run').choices(['cpu', 'webgpu', 'cuda']))
    .option('--workers <n>', 'stages computed at the same time', positive, availableParallelism())
    .option('--full', 'take the larger amounts of data of the preset')
    .option(
      '--set <key=value>',
      'change one setting, as in --set sae.k=8',
      (text: string, all: string[]) => [...all, text],
      [],
    );

/** The config and the folder that the words of a command line ask for. */
export async function readConfig(source: string, options: ConfigOptions): Promise<{ config: RunConfig; out: string }> {
  const overrides: Record<string, unknown>[] = options.set.map(parseOverride);
  if (options.device) overrides.push({ device: options.device });
  const config = await loadConfig(source, { overrides, full: options.full ?? false });
  return { config, out: options.out ?? join('.parallax', config.release.name) };
}
