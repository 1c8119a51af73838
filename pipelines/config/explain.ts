import { z } from 'zod';
import { ParallaxError } from './errors.ts';
import { nearest } from './nearest.ts';

/** Keys that `schema` knows at `path`; empty where it has none. */
export function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  let at = schema;
  for (const step of [...path, undefined]) {
    while (
      at instanceof z.ZodDefault ||
      at instanceof z.ZodPrefault ||
      at instanceof z.ZodNullable ||
      at instanceof z.ZodOptional
    )
      at = at.unwrap();
    if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodObject && step !== undefined) at = at.shape[String(step)];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** The first issue of a config as one line that names the field, and the step that mends it. */
export function explain(schema: unknown, error: z.ZodError, source: string): ParallaxError {
  const issue = error.issues[0]!;
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = keysAt(schema, issue.path);
    const meant = nearest(key, known);
    return new ParallaxError(
      `${source}: ${[...issue.path, key].join('.')} is not a setting`,
      meant ? `did you mean ${[...issue.path, meant].join('.')}?` : `known here: ${known.join(', ')}`,
      { misuse: true, cause: error },
    );
  }
  return new ParallaxError(`${source}: ${field || 'config'}: ${issue.message}`, `change ${field || 'the config'}`, {
    misuse: true,
    cause: error,
  });
}
