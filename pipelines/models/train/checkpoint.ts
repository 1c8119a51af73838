import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile } from '#pipelines/config/replace-file.ts';
import { f32Tensor, parseSafetensors, safetensorsMetadata, toNumbers, writeSafetensors } from '#release/safetensors.ts';
import type { Weights } from './init.ts';
import type { ParameterTable } from './shapes.ts';
import type { TrainState } from './trainer.ts';

const PARTS = ['params', 'm', 'v'] as const;

const digest = (file: readonly Uint8Array[], note: string): string => {
  const hash = createHash('sha256').update(note);
  for (const bytes of file) hash.update(bytes);
  return hash.digest('hex');
};

/** Weights as safetensors with Hugging Face's names, as PyTorch reads them. */
export function weightsFile(
  table: ParameterTable,
  weights: Weights,
  metadata: Record<string, string> = {},
): Uint8Array {
  const entries = Object.entries(table).map(([name, dims]) => [name, f32Tensor(weights[name]!, dims)] as const);
  return writeSafetensors(new Map(entries), { format: 'pt', ...metadata });
}

/** Reads such a file; undefined where a parameter of the table is missing or of another size. */
export function readWeights(file: Uint8Array, table: ParameterTable): Weights | undefined {
  const tensors = parseSafetensors(file);
  const weights: Record<string, Float32Array> = {};
  for (const [name, dims] of Object.entries(table)) {
    const tensor = tensors.get(name);
    if (!tensor || tensor.shape.join() !== dims.join()) return undefined;
    weights[name] = toNumbers(tensor, Float32Array);
  }
  return weights;
}

/**
 * Writes weights, moments and position of a training. What is drawn at a step depends on the seed and the step alone, so the step is
 * all that must be known of the draws.
 * @param key what must be equal for the training to go on, as text
 */
export async function writeCheckpoint(path: string, key: string, table: ParameterTable, state: TrainState) {
  const tensors = new Map(
    PARTS.flatMap((part) =>
      Object.entries(table).map(([name, dims]) => [`${part}.${name}`, f32Tensor(state[part][name]!, dims)] as const),
    ),
  );
  const note = JSON.stringify({ key, step: state.step });
  const sha256 = digest(
    [...tensors.values()].map(({ bytes }) => bytes),
    note,
  );
  await replaceFile(path, writeSafetensors(tensors, { note, sha256 }));
}

/** The state at `path`; undefined where there is none of the same training, whole. */
export async function readCheckpoint(
  path: string,
  key: string,
  table: ParameterTable,
): Promise<TrainState | undefined> {
  const file = await readFile(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const tensors = parseSafetensors(file);
    const { note = '', sha256 } = safetensorsMetadata(file);
    const bytes = PARTS.flatMap((part) => Object.keys(table).map((name) => tensors.get(`${part}.${name}`)!.bytes));
    if (digest(bytes, note) !== sha256) return undefined;
    const found = JSON.parse(note) as { key: string; step: number };
    if (found.key !== key) return undefined;
    const part = (kind: string): Weights =>
      Object.fromEntries(
        Object.keys(table).map((name) => [name, toNumbers(tensors.get(`${kind}.${name}`)!, Float32Array)]),
      );
    return { step: found.step, params: part('params'), m: part('m'), v: part('v') };
  } catch {
    return undefined;
  }
}
