import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readModel } from '#graph/onnx/model.ts';
import { rawBytes, shapeOf } from '#graph/onnx/values.ts';
import { findGraph, type GraphRole } from '#pipelines/models/files.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import type { ModelInfo } from '#release/schema/index.ts';

const GRAPHS: readonly GraphRole[] = ['decoder', 'embed', 'vision'];
/** Tensors below this many numbers are shapes and scales, not weights. */
const SMALLEST = 32;

const Card = z.object({ models: z.array(z.object({ folder: z.string(), licence: z.string() })) });

/** What the manifest says of a model. */
export async function modelInfo(role: ModelInfo['role'], folder: string, model: TracedModel): Promise<ModelInfo> {
  const { layers, dModel, heads, kvHeads, dHead, vocab } = model.decoder.anatomy;
  return {
    role,
    id: model.id,
    sha256: model.hash,
    layers,
    d_model: dModel,
    heads,
    kv_heads: kvHeads,
    d_head: dHead,
    vocab,
    parameters: await countParameters(folder),
    licence: await licenceOf(folder, model.id),
  };
}

/** Numbers in all weights of a model's graphs; weights that two graphs share (tied embeddings) count once. */
async function countParameters(folder: string): Promise<number> {
  const seen = new Set<string>();
  let count = 0;
  for (const role of GRAPHS) {
    const path = findGraph(folder, role);
    if (!path) continue;
    const { proto, external } = await readModel(path);
    for (const tensor of proto.graph.initializer) {
      const size = shapeOf(tensor).reduce((a, b) => a * b, 1);
      const bytes = size < SMALLEST ? undefined : rawBytes(tensor, external);
      if (!bytes) continue;
      const key = createHash('sha256').update(bytes).digest('hex');
      if (!seen.has(key)) count += size;
      seen.add(key);
    }
  }
  return count;
}

/** The licence that the pair's card or the model's own card states. */
async function licenceOf(folder: string, id: string): Promise<string> {
  const card = join(dirname(folder), 'manifest.json');
  if (existsSync(card)) {
    const parsed = Card.safeParse(JSON.parse(await readFile(card, 'utf8')));
    const entry = parsed.data?.models.find((m) => m.folder === id);
    if (entry) return entry.licence;
  }
  const readme = join(folder, 'README.md');
  const stated = existsSync(readme) && /^licen[cs]e:\s*(\S+)/m.exec(await readFile(readme, 'utf8'))?.[1];
  return stated || 'not stated';
}
