import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';

/** Folders of a stage's inputs by role. */
export type Inputs = Readonly<Record<string, string>>;

/** The file `name` of a role's folder. */
export const readRole = async <T>(inputs: Inputs, role: string, name: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(JSON.parse(await readFile(join(inputs[role]!, name), 'utf8')));

/** The same, null where the run did not make it. */
export const readRoleIfMade = async <T>(inputs: Inputs, role: string, name: string, schema: z.ZodType<T>) =>
  inputs[role] === undefined ? null : readRole(inputs, role, name, schema);

/** The files of all roles `<role>/...`, in the order of the roles. */
export const readRoles = <T>(inputs: Inputs, role: string, name: string, schema: z.ZodType<T>): Promise<T[]> =>
  Promise.all(
    Object.keys(inputs)
      .filter((key) => key.startsWith(`${role}/`))
      .map((key) => readRole(inputs, key, name, schema)),
  );
