import type { Check } from './case.ts';

/** Kind of a golden case -> the module that checks it, loaded when a case of the kind is met. */
const MODULES: Readonly<Record<string, () => Promise<{ readonly check: Check }>>> = {
  taps: () => import('./taps.ts'),
  intervene: () => import('./intervene.ts'),
  attribution: () => import('./attribution.ts'),
  'sae-train': () => import('./sae-train.ts'),
  'sae-load': () => import('./sae-load.ts'),
  'sae-eval': () => import('./sae-eval.ts'),
  diff: () => import('./diff.ts'),
  stats: () => import('./stats.ts'),
  planted: () => import('./planted.ts'),
};

export const KINDS = Object.keys(MODULES);

/** The check of a kind; undefined where the kind is unknown. */
export async function checkOf(kind: string): Promise<Check | undefined> {
  return Object.hasOwn(MODULES, kind) ? (await MODULES[kind]!()).check : undefined;
}
