import { ParallaxError } from './errors.ts';

/**
 * Folders of a role: the input `role` itself, or the numbered parts `role/0`, `role/1`, ... in the order of their numbers.
 * @returns none where the stage has no such input
 */
export function foldersOf(inputs: Readonly<Record<string, string>>, role: string): string[] {
  const whole = inputs[role];
  if (whole !== undefined) return [whole];
  return Object.keys(inputs)
    .filter((name) => name.startsWith(`${role}/`) && /^\d+$/.test(name.slice(role.length + 1)))
    .sort((a, b) => Number(a.slice(role.length + 1)) - Number(b.slice(role.length + 1)))
    .map((name) => inputs[name]!);
}

/** The same, where the stage cannot do without. */
export function needFolders(inputs: Readonly<Record<string, string>>, role: string): string[] {
  const folders = foldersOf(inputs, role);
  if (folders.length === 0)
    throw new ParallaxError(`input ${role} is missing`, `name a stage for the role "${role}" in the plan`);
  return folders;
}
