import type { Stage } from '../../config/stage.ts';

/** A role that several stages fill in order: `vision/0`, `vision/1`, ... */
export const parts = (role: string, stages: readonly Stage[]): Record<string, string> =>
  Object.fromEntries(stages.map(({ name }, i) => [`${role}/${i}`, name]));
