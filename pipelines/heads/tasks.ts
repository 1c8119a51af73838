import { collect, type Slice } from '#pipelines/data/index.ts';
import { type Choice, choiceOf } from '#pipelines/models/index.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { answerable, encodeAll } from './samples.ts';

/** The task that a claim is about, and the one that must not move: the same pictures, other questions. */
export const TASKS = { spatial: 'scenes/spatial', control: 'scenes/matched' } as const;
export type Task = keyof typeof TASKS;
export const TASK_NAMES = Object.keys(TASKS) as Task[];

/** Forced choices of one task on a slice. */
export async function choicesOf(model: TracedModel, task: Task, slice: Slice): Promise<Choice[]> {
  const samples = answerable(await collect(TASKS[task], slice));
  return (await encodeAll(model, samples)).map((e) => choiceOf(model, e));
}

/** Forced choices of both tasks on one slice. */
export const tasksOf = async (model: TracedModel, slice: Slice): Promise<Record<Task, Choice[]>> => ({
  spatial: await choicesOf(model, 'spatial', slice),
  control: await choicesOf(model, 'control', slice),
});
