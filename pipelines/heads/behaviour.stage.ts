import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import { collect } from '#pipelines/data/index.ts';
import type { Sample } from '#pipelines/data/sample.ts';
import { choiceOf, openModel } from '#pipelines/models/index.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';
import type { BehaviourRow } from '#release/schema/index.ts';
import { answer } from './behaviour.ts';
import { meanEstimate } from './estimate.ts';
import { PRIOR_FILE, type PriorFile } from './files.ts';
import { priorRows } from './prior.ts';
import { answerable, encodeAll, encodeMeanImage } from './samples.ts';
import { TASK_NAMES, TASKS } from './tasks.ts';

const Settings = z.strictObject({
  seed: z.int(),
  from: z.int(),
  samples: z.int(),
  rounds: z.int(),
  confidence: z.number(),
});

type Picture = BehaviourRow['picture'];

/** How each kind of picture is given to a model that sees. */
const PICTURES: Record<
  Exclude<Picture, 'none'>,
  (model: TracedModel, samples: readonly Sample[], seed: number) => Promise<Encoded[]>
> = {
  seen: (model, samples) => encodeAll(model, samples),
  mean: encodeMeanImage,
  // The next sample's picture, the last one's the first: no sample keeps its own.
  other: (model, samples) =>
    encodeAll(
      model,
      samples.map((s, i) => ({ ...s, image: samples[(i + 1) % samples.length]!.image! })),
    ),
};

/** How well the pair answers each family of questions: the picture seen, a mean picture, another one, and the base without any. */
export const run: StageRun = async ({ settings, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const tuned = await openModel(files['model']!, { role: 'tuned', device });
  const base = await openModel(files['base']!, { role: 'base', device });
  const rows: BehaviourRow[] = [];
  const prior: PriorFile = [];
  const add = async (
    model: TracedModel,
    role: string,
    family: string,
    picture: Picture,
    encoded: readonly Encoded[],
  ) => {
    const answers = await answer(
      model,
      encoded.map((e) => choiceOf(model, e)),
    );
    rows.push({
      model: role,
      family,
      picture,
      accuracy: meanEstimate(answers.accuracy, s),
      log_odds: meanEstimate(answers.log_odds, s),
    });
    progress(rows.length, TASK_NAMES.length * 4, 'conditions');
    return answers;
  };
  for (const task of TASK_NAMES) {
    const samples = answerable(await collect(TASKS[task], { seed: s.seed, from: s.from, to: s.from + s.samples }));
    const ask = async (picture: keyof typeof PICTURES) =>
      add(tuned, 'tuned', task, picture, await PICTURES[picture](tuned, samples, s.seed));
    const seen = await ask('seen');
    for (const picture of ['mean', 'other'] as const)
      prior.push(...priorRows(task, picture, samples, seen, await ask(picture), s));
    await add(base, 'base', task, 'none', await encodeAll(base, samples, { image: 'none' }));
  }
  await Promise.all([tuned.close(), base.close()]);
  await writeFile(join(out, 'behaviour.json'), JSON.stringify(rows));
  await writeFile(join(out, PRIOR_FILE), JSON.stringify(prior));
};
