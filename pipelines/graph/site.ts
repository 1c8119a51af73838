import type { GraphAnatomy } from './anatomy/index.ts';
import type { Site } from './types.ts';

export const zSite = (layer: number): Site => `blocks.${layer}.attn.hook_z`;
export const preSite = (layer: number): Site => `blocks.${layer}.hook_resid_pre`;
export const postSite = (layer: number): Site => `blocks.${layer}.hook_resid_post`;

/** The layer that a site belongs to; -1 for the embedding, the last one for what comes behind the blocks. */
export const layerOf = (site: Site, layers: number): number =>
  Number(/^blocks\.(\d+)\./.exec(site)?.[1] ?? (site === 'hook_embed' ? -1 : layers - 1));

/** The last layer whose heads a site can feel, and the site as that layer's: what enters a block is what the one before it gives. */
export function readIn({ places, layers }: GraphAnatomy, at: Site): { layer: number; site: Site } {
  const layer = layerOf(at, layers);
  if (layer < 0 || places.get(preSite(layer))?.value !== places.get(at)!.value) return { layer, site: at };
  return { layer: layer - 1, site: layer > 0 ? postSite(layer - 1) : at };
}
