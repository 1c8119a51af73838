import { existsSync } from 'node:fs';
import type { Check } from './case.ts';

/** Kind of a golden case -> module beside this file that exports `check`. Loaded when a case of the kind is met. */
const MODULES: Readonly<Record<string, string>> = {
  taps: './taps.ts',
  intervene: './intervene.ts',
  attribution: './attribution.ts',
  'sae-train': './sae-train.ts',
  'sae-load': './sae-load.ts',
  'sae-eval': './sae-eval.ts',
  diff: './diff.ts',
  stats: './stats.ts',
  planted: './planted.ts',
};

/** The check of a kind; undefined where the kind is unknown. */
export async function checkOf(kind: string): Promise<Check | undefined> {
  const file = Object.hasOwn(MODULES, kind) ? MODULES[kind] : undefined;
  if (!file) return undefined;
  const url = new URL(file, import.meta.url);
  if (!existsSync(url)) return undefined;
  return ((await import(url.href)) as { check: Check }).check;
}

export const KINDS = Object.keys(MODULES);
