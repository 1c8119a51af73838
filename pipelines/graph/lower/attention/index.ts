import type { Lowering } from '../kit.ts';
import { groupQueryAttention } from './grouped.ts';

/** Fused attention operators. */
export const ATTENTION: Readonly<Record<string, Lowering>> = {
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
};
