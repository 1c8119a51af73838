import type { StageName } from '../../sae/types.ts';

/** Stage -> layer -> name of the stage that trained it. */
export type Dictionaries = Partial<Record<StageName, Readonly<Record<number, string>>>>;
