import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ParallaxError } from '../../config/errors.ts';
import { modelPath } from '../../config/paths.ts';
import type { RunConfig } from '../../config/schema.ts';
import { type GraphRole, requireGraph } from '../../models/files.ts';
import { locateModel } from '../../models/hub.ts';
import { type Moment, momentsOf } from '../../models/steps.ts';

const Shape = z.object({
  num_hidden_layers: z.int().min(1),
  hidden_size: z.int().min(1),
  num_attention_heads: z.int().min(1),
});
const ModelConfig = z.union([z.object({ text_config: Shape }).transform((c) => c.text_config), Shape]);

/** The models of a run, as far as the plan must know them before anything is opened. */
export interface Pair {
  /** Role -> folder. */
  readonly folders: { readonly base: string; readonly tuned: string; readonly control?: string };
  /** Blocks of the decoder, its width and its query heads. */
  readonly depth: number;
  readonly dModel: number;
  readonly heads: number;
  /** Layers analysed, ascending. */
  readonly layers: readonly number[];
  /** Checkpoints of the tuned model's training, where the pair names a folder of them. */
  readonly moments: readonly Moment[];
}

/** Graphs without which a model of a role cannot be traced. */
const GRAPHS: Readonly<Record<string, readonly GraphRole[]>> = {
  base: ['decoder'],
  tuned: ['vision', 'decoder'],
  control: ['decoder'],
};

async function locate(role: string, model: string): Promise<string> {
  try {
    const folder = await locateModel(modelPath(model));
    for (const graph of GRAPHS[role]!) requireGraph(folder, graph);
    return folder;
  } catch (cause) {
    const { message, next } = cause as ParallaxError;
    throw new ParallaxError(`pair.${role}: ${message}`, next, { cause });
  }
}

async function shapeOf(folder: string, field: string): Promise<z.infer<typeof Shape>> {
  try {
    return ModelConfig.parse(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')));
  } catch (cause) {
    throw new ParallaxError(
      `${field}: ${join(folder, 'config.json')} is missing or describes no decoder`,
      'export the model again',
      {
        cause,
      },
    );
  }
}

/** Looks at the folders of the pair. Throws `ParallaxError` where a model is missing, the shapes differ or a layer does not exist. */
export async function readPair({ pair, layers }: RunConfig): Promise<Pair> {
  const { steps, ...models } = pair;
  const folders: Record<string, string> = {};
  for (const [role, model] of Object.entries(models)) if (model !== null) folders[role] = await locate(role, model);
  const base = await shapeOf(folders['base']!, 'pair.base');
  for (const [role, folder] of Object.entries(folders)) {
    const shape = await shapeOf(folder, `pair.${role}`);
    for (const key of ['num_hidden_layers', 'hidden_size'] as const)
      if (shape[key] !== base[key])
        throw new ParallaxError(
          `pair.${role}: ${key} is ${shape[key]}, and ${base[key]} in pair.base`,
          'name a model that was made from this base',
        );
  }
  const depth = base.num_hidden_layers;
  const beyond = layers?.find((layer) => layer >= depth);
  if (beyond !== undefined)
    throw new ParallaxError(
      `layers: layer ${beyond} does not exist: this decoder has ${depth} layers, 0-${depth - 1}`,
      `choose layers from 0 to ${depth - 1}`,
      { misuse: true },
    );
  const all = Array.from({ length: depth }, (_, layer) => layer);
  const chosen = layers ? [...new Set(layers)].sort((a, b) => a - b) : all;
  return {
    folders: folders as Record<string, string> & Pair['folders'],
    depth,
    dModel: base.hidden_size,
    heads: base.num_attention_heads,
    layers: chosen,
    moments: steps === null ? [] : await momentsOf(modelPath(steps)),
  };
}

/** `L03` */
export const layerName = (layer: number): string => `L${String(layer).padStart(2, '0')}`;
