import type { Facts } from '../shape/facts.ts';
import type { ElementType } from '../tensor.ts';
import type { Site } from '../types.ts';
import type { Block } from './blocks.ts';
import type { Tokens } from './inputs.ts';
import type { Stream } from './stream.ts';

/**
 * How a site's value is laid out. `stream`: `[batch, pos, width]`. `heads`: `[batch, pos, head, dHead]`, as rank 3 with
 * the last two axes as one. `pattern`: `[batch, head, query, key]`.
 */
export type Layout = 'stream' | 'heads' | 'pattern';

/** Where a site is in one graph. */
export interface Place {
  readonly value: string;
  /** A constant that a fused node adds to the value before it counts. */
  readonly bias?: string;
  readonly layout: Layout;
  readonly rank: number;
  readonly type: ElementType;
  /** The value is inside the fused attention of a layer, which must be lowered before it exists. */
  readonly inside?: { readonly layer: number; readonly part: 'pattern' };
}

export interface Found {
  readonly facts: Facts;
  readonly stream: Stream;
  readonly origin: string;
  readonly blocks: readonly Block[];
  readonly tokens: Tokens;
  readonly heads: number;
}

/** Every site that the graph has, in the order of the forward pass. */
export function placesOf({ facts, stream, origin, blocks, tokens }: Found): Map<Site, Place> {
  const places = new Map<Site, Place>();
  const float = (value: string): ElementType => {
    const type = facts.type(value);
    return type?.startsWith('float') ? type : 'float32';
  };
  const at = (site: Site, value: string, layout: Layout = 'stream', rank = layout === 'stream' ? 3 : 4, more = {}) =>
    places.set(site, { value, layout, rank, type: float(value), ...more });
  if (tokens.embedded) at('hook_embed', tokens.embedded);
  blocks.forEach(({ before, middle, after, attention, mlp }, l) => {
    const { kernel, z, update } = attention;
    const biased = (bias: string | undefined) => (bias ? { bias } : {});
    at(`blocks.${l}.hook_resid_pre`, l === 0 ? origin : before);
    if (kernel.pattern)
      at(`blocks.${l}.attn.hook_pattern`, kernel.pattern, 'pattern', facts.shape(kernel.pattern)?.length ?? 4);
    else at(`blocks.${l}.attn.hook_pattern`, z.value, 'pattern', 4, { inside: { layer: l, part: 'pattern' } });
    at(`blocks.${l}.attn.hook_z`, z.value, 'heads', z.rank);
    at(`blocks.${l}.hook_attn_out`, update.value, 'stream', 3, biased(update.bias));
    if (middle) at(`blocks.${l}.hook_resid_mid`, middle);
    at(`blocks.${l}.hook_mlp_out`, mlp.value, 'stream', 3, biased(mlp.bias));
    at(`blocks.${l}.hook_resid_post`, after);
  });
  at('ln_final', stream.normed, 'stream', facts.shape(stream.normed)?.length ?? 3);
  at('logits', stream.logits);
  return places;
}
