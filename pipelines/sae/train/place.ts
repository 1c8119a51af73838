import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { OnlinePlace } from '#pipelines/activations/index.ts';
import { replaceFile } from '#pipelines/config/replace-file.ts';
import { type RunKey, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import type { LogColumns } from './log.ts';
import type { TrainState } from './state.ts';

/** A moment of the training of several layers without a store: all their states, and where the stream stands. */
export interface PlacedStates {
  readonly place: OnlinePlace;
  readonly states: readonly TrainState[];
  readonly logs: LogColumns[];
}

const POINTER = 'checkpoint.json';
const count = z.int().min(0);
const Pointer = z.object({
  key: z.string(),
  step: count,
  place: z.object({ window: count, group: count, skip: count }),
});
const folderOf = (out: string, step: number): string => join(out, `checkpoint-${step}`);
const fileOf = (folder: string, layer: number): string => join(folder, `${layer}.safetensors`);

/** Writes the layers' checkpoints beside the last ones and then, in one step, the pointer to them: a killed run finds the one or the other. */
export async function writePlace(out: string, key: RunKey, { place, states, logs }: PlacedStates): Promise<void> {
  const { step } = states[0]!;
  const folder = folderOf(out, step);
  await mkdir(folder, { recursive: true });
  for (const [i, state] of states.entries()) await writeCheckpoint(fileOf(folder, i), key, { state, log: logs[i]! });
  await replaceFile(join(out, POINTER), JSON.stringify({ key, step, place }));
  await dropOthers(out, step);
}

async function dropOthers(out: string, step?: number): Promise<void> {
  for (const name of await readdir(out))
    if (/^checkpoint-\d+$/.test(name) && name !== `checkpoint-${step}`) await rm(join(out, name), { recursive: true });
}

/** The place that `writePlace` wrote last, or undefined where there is none of the same run, whole. */
export async function readPlace(
  out: string,
  key: RunKey,
  plans: readonly { readonly config: TrainConfig }[],
): Promise<PlacedStates | undefined> {
  try {
    const pointer = Pointer.parse(JSON.parse(await readFile(join(out, POINTER), 'utf8')));
    if (pointer.key !== key) return undefined;
    const found = await Promise.all(
      plans.map(({ config }, i) => readCheckpoint(fileOf(folderOf(out, pointer.step), i), key, config)),
    );
    if (found.some((one) => one?.state.step !== pointer.step)) return undefined;
    return { place: pointer.place, states: found.map((one) => one!.state), logs: found.map((one) => one!.log) };
  } catch {
    return undefined;
  }
}

/** Removes everything that `writePlace` left. */
export async function dropPlace(out: string): Promise<void> {
  await dropOthers(out);
  for (const name of [POINTER, `${POINTER}.tmp`]) await rm(join(out, name), { force: true });
}
