import type { Facts } from '../shape/facts.ts';
import type { ElementType } from '../tensor.ts';
import type { Site } from '../types.ts';
import type { Block } from './blocks.ts';
import type { Flow } from './flow.ts';
import type { Tokens } from './inputs.ts';
import { findProjections, type HeadCounts, type Part } from './projections.ts';
import type { Stream, Update } from './stream.ts';

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
  /** Heads on their axis, where the layout is `heads`: those of queries, or fewer of keys and values. */
  readonly heads?: number;
  /** Stored as `[batch, head, pos, dHead]`; a graph that reads or changes the site turns it first. */
  readonly swapped?: boolean;
  /** The value is inside the fused attention of a layer, which must be lowered before it exists. */
  readonly inside?: { readonly layer: number; readonly part: 'pattern' | Part };
}

export interface Found {
  readonly facts: Facts;
  readonly stream: Stream;
  readonly blocks: readonly Block[];
  readonly tokens: Tokens;
  readonly counts: HeadCounts;
  readonly flow: Flow;
}

type Add = (site: Site, value: string, layout?: Layout, rank?: number, more?: Partial<Place>) => void;

/** The sites of one attention. */
function attentionPlaces(add: Add, l: number, { flow, facts, counts }: Found, { before, attention }: Block): void {
  const { kernel, z } = attention;
  const projections = findProjections(flow, facts, before, kernel, counts);
  for (const part of ['q', 'k', 'v'] as const) {
    const site = `blocks.${l}.attn.hook_${part}`;
    const heads = part === 'q' ? counts.heads : counts.kvHeads;
    const { value, rank, swapped } = projections[part] ?? {};
    if (value) add(site, value, 'heads', rank, { heads, ...(swapped ? { swapped } : {}) });
    else if (kernel.fused) add(site, z.value, 'heads', 4, { heads, inside: { layer: l, part } });
  }
  const pattern = `blocks.${l}.attn.hook_pattern`;
  if (kernel.pattern) add(pattern, kernel.pattern, 'pattern', facts.shape(kernel.pattern)?.length ?? 4);
  else add(pattern, z.value, 'pattern', 4, { inside: { layer: l, part: 'pattern' } });
  add(`blocks.${l}.attn.hook_z`, z.value, 'heads', z.rank, { heads: counts.heads });
}

/** Every site that the graph has, in the order of the forward pass. */
export function placesOf(found: Found): Map<Site, Place> {
  const { facts, stream, blocks, tokens } = found;
  const places = new Map<Site, Place>();
  const add: Add = (site, value, layout = 'stream', rank = 3, more = {}) => {
    const type = facts.type(value);
    places.set(site, { value, layout, rank, type: type?.startsWith('float') ? type : 'float32', ...more });
  };
  const biased = ({ bias }: Update) => (bias ? { bias } : {});
  if (tokens.embedded) add('hook_embed', tokens.embedded);
  blocks.forEach((block, l) => {
    const { before, middle, after, attention, mlp } = block;
    add(`blocks.${l}.hook_resid_pre`, before);
    attentionPlaces(add, l, found, block);
    add(`blocks.${l}.hook_attn_out`, attention.update.value, 'stream', 3, biased(attention.update));
    if (middle) add(`blocks.${l}.hook_resid_mid`, middle);
    add(`blocks.${l}.hook_mlp_out`, mlp.value, 'stream', 3, biased(mlp));
    add(`blocks.${l}.hook_resid_post`, after);
  });
  add('ln_final', stream.normed, 'stream', facts.shape(stream.normed)?.length ?? 3);
  add('logits', stream.logits);
  return places;
}
