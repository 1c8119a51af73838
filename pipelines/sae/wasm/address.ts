import { type Code, i32 } from './assemble.ts';

/** Bytes of `count` 4-byte elements. */
export const bytes = (count: Code): Code => i32.shl(count, i32.const(2));

/** Address of element `index` of an array of 4-byte elements. */
export const element = (base: Code, index: Code): Code => i32.add(base, bytes(index));
