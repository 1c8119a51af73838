import type { Lowering } from '../kit.ts';
import { groupQueryAttention } from './grouped.ts';
import { multiHeadAttention } from './multi.ts';
import { projectedAttention } from './projected.ts';
import { standardAttention } from './standard.ts';

/** Fused attention operators. */
export const ATTENTION: Readonly<Record<string, Lowering>> = {
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
  'com.microsoft:MultiHeadAttention': multiHeadAttention,
  'com.microsoft:Attention': projectedAttention,
  Attention: standardAttention,
};
