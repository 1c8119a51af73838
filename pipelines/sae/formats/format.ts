import type { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sae } from '../types.ts';
import type { Folder } from './folder.ts';

/** A dictionary as it was published. */
export interface Loaded {
  readonly sae: Sae;
  /** Trained on `hook_z`: the last two axes, heads and their width, are flattened before the encoder. */
  readonly hookZ: boolean;
  /** Hook point, model and the like, as published. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** One way in which dictionaries are published. */
export interface Format {
  /** Files that tell the format; all must be there. */
  readonly files: readonly string[];
  load(folder: Folder): Promise<Loaded>;
}

/** A setting that cannot be honoured. */
export const unsupported = (file: string, what: string, next: string): ParallaxError =>
  new ParallaxError(`dictionary ${file}: ${what}`, next);

/** Checks a configuration; the error names the field. */
export function parseConfig<T extends z.ZodType>(schema: T, raw: unknown, file: string): z.output<T> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw unsupported(
    file,
    `${issue.path.join('.') || 'the whole'}: ${issue.message}`,
    'mend that field, or download the file again',
  );
}
