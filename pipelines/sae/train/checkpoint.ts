import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { replaceFile } from '#pipelines/config/replace-file.ts';
import {
  f32Tensor,
  parseSafetensors,
  type SafeTensor,
  safetensorsMetadata,
  toNumbers,
  writeSafetensors,
} from '#release/safetensors.ts';
import { toFloat32 } from '../formats/weights.ts';
import type { TrainConfig } from './config.ts';
import type { LogColumns } from './log.ts';
import { type Parameters, shapes, type TrainState } from './state.ts';

/** A moment of a training run. */
export interface Checkpoint {
  readonly state: TrainState;
  readonly log: LogColumns;
}

/** What must be equal for a checkpoint to be gone on from: the run's settings, as JSON. */
export type RunKey = string;

interface Note {
  readonly key: RunKey;
  readonly step: number;
  readonly threshold: number;
  readonly log: LogColumns;
}

const digest = (tensors: ReadonlyMap<string, SafeTensor>, note: string): string => {
  const hash = createHash('sha256').update(note);
  for (const { bytes } of tensors.values()) hash.update(bytes);
  return hash.digest('hex');
};

const doubles = (data: Float64Array): SafeTensor => ({
  dtype: 'F64',
  shape: [data.length],
  bytes: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
});

/** Writes a checkpoint in place of the one before, so that a killed run finds the one or the other, whole. */
export async function writeCheckpoint(path: string, key: RunKey, { state, log }: Checkpoint): Promise<void> {
  const tensors = new Map<string, SafeTensor>();
  for (const group of ['params', 'm', 'v'] as const)
    for (const [name, data] of Object.entries(state[group]))
      tensors.set(`${group}.${name}`, f32Tensor(data, [data.length]));
  tensors.set('sinceFired', doubles(state.sinceFired));
  const note = JSON.stringify({ key, step: state.step, threshold: state.threshold, log } satisfies Note);
  await replaceFile(path, writeSafetensors(tensors, { note, sha256: digest(tensors, note) }));
}

/** The checkpoint at `path`, or undefined where there is none of the same run, whole. */
export async function readCheckpoint(
  path: string,
  key: RunKey,
  config: Pick<TrainConfig, 'd' | 'n' | 'activation'>,
): Promise<Checkpoint | undefined> {
  const file = await readFile(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const tensors = parseSafetensors(file);
    const { note, sha256 } = safetensorsMetadata(file);
    if (!note || digest(tensors, note) !== sha256) return undefined;
    const { key: found, step, threshold, log } = JSON.parse(note) as Note;
    if (found !== key) return undefined;
    const group = (prefix: string): Parameters =>
      Object.fromEntries(
        Object.keys(shapes(config)).map((name) => [name, toFloat32(tensors.get(`${prefix}.${name}`)!)]),
      );
    const sinceFired = toNumbers(tensors.get('sinceFired')!, Float64Array);
    return { state: { step, threshold, sinceFired, params: group('params'), m: group('m'), v: group('v') }, log };
  } catch {
    return undefined;
  }
}

/** Removes a checkpoint, and one that was being written when the run was killed. */
export async function dropCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.tmp`, { force: true });
}
