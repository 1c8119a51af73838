import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';

/** Endings of a graph's name by precision, the fullest first. */
export const PRECISIONS = ['', '_fp16', '_int8', '_uint8', '_q8', '_quantized', '_q4', '_q4f16', '_bnb4'];

/** Names that the transformers.js layout gives each graph, in the order tried. */
export const GRAPHS = {
  vision: ['vision_encoder'],
  embed: ['embed_tokens'],
  decoder: ['decoder_model_merged', 'decoder_model', 'model'],
} as const;
export type GraphRole = keyof typeof GRAPHS;

/** Path of a graph in a model's folder, or undefined where the folder has none of its names. */
export function findGraph(folder: string, role: GraphRole): string | undefined {
  const paths = GRAPHS[role].flatMap((name) =>
    PRECISIONS.map((ending) => join(folder, 'onnx', `${name}${ending}.onnx`)),
  );
  return paths.find((path) => existsSync(path));
}

/** As `findGraph`. Throws `ParallaxError` where the graph is missing. */
export function requireGraph(folder: string, role: GraphRole): string {
  const path = findGraph(folder, role);
  if (path) return path;
  throw new ParallaxError(
    `model ${folder} has no onnx/${GRAPHS[role].join('.onnx or onnx/')}.onnx`,
    'export the model to ONNX in the transformers.js layout, or name another folder',
  );
}

export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** A JSON file of the model's folder. Throws `ParallaxError` where it is missing or not JSON. */
export async function readJson(folder: string, name: string): Promise<Record<string, unknown>> {
  const path = join(folder, name);
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const why = existsSync(path) ? 'is not JSON' : 'is missing';
    throw new ParallaxError(`model file ${path} ${why}`, 'export or download the model again', { cause });
  }
}

/** sha256 over the names and bytes of all files of a folder, in the order of their names. */
export async function hashFolder(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const path of paths.sort()) {
    const bytes = await readFile(path);
    hash.update(`${relative(folder, path)}\u0000${bytes.length}\u0000`).update(bytes);
  }
  return hash.digest('hex');
}
