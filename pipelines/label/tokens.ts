import type { TokenWeight } from '#release/schema/index.ts';

/** Tokens that a feature's decoder row raises and lowers most in the logits. */
export interface TokenEffects {
  readonly promoted: TokenWeight[];
  readonly suppressed: TokenWeight[];
}

/** The `count` largest and smallest of a row of logit effects; ties by token id. */
export function tokenEffects(row: Float32Array, count: number, tokenText: (id: number) => string): TokenEffects {
  const order = Array.from(row.keys()).sort((a, b) => row[b]! - row[a]! || a - b);
  const weight = (id: number): TokenWeight => ({ token: tokenText(id), id, weight: Number(row[id]!.toPrecision(4)) });
  return {
    promoted: order.slice(0, count).map(weight),
    suppressed: order.slice(-count).reverse().map(weight),
  };
}
