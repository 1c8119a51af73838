import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import { openModel } from '#pipelines/models/index.ts';
import { ablateHeads } from './ablate-heads.ts';
import { answer } from './behaviour.ts';
import type { AblateFile } from './files.ts';
import { meanZ } from './mean-ablation.ts';
import { choicesOf, TASK_NAMES, tasksOf } from './tasks.ts';

const Settings = z.strictObject({
  seed: z.int(),
  /** Samples tested, and those that the mean is taken over (other scenes). */
  from: z.int(),
  samples: z.int(),
  /** The first of them, on which the control task is tested. */
  controlSamples: z.int(),
  meanFrom: z.int(),
  meanSamples: z.int(),
});

/** Mean-ablates every head by itself, on the spatial task and on its control. */
export const run: StageRun = async ({ settings, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const model = await openModel(files['model']!, { role: 'tuned', device });
  const { layers, heads } = model.decoder.anatomy;
  const others = await tasksOf(model, { seed: s.seed, from: s.meanFrom, to: s.meanFrom + s.meanSamples });
  const means = await meanZ(
    model,
    TASK_NAMES.flatMap((t) => others[t].map((c) => c.encoded)),
    Array.from({ length: layers }, (_, l) => l),
  );
  const slice = (samples: number) => ({ seed: s.seed, from: s.from, to: s.from + samples });
  const tasks = {
    spatial: await choicesOf(model, 'spatial', slice(s.samples)),
    control: await choicesOf(model, 'control', slice(s.controlSamples)),
  };
  const refs = Array.from({ length: layers * heads }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads }));
  const total = TASK_NAMES.reduce((sum, task) => sum + tasks[task].length, 0);
  let before = 0;
  const changes: Partial<Record<(typeof TASK_NAMES)[number], AblateFile['heads'][number]['spatial'][]>> = {};
  for (const task of TASK_NAMES) {
    const intact = await answer(model, tasks[task]);
    const moved = await ablateHeads(model, tasks[task], refs, means, (done) =>
      progress(before + done, total, 'samples'),
    );
    changes[task] = moved.map((change) => ({
      log_odds: Array.from(change),
      accuracy: Array.from(change, (x, i) => Number(intact.log_odds[i]! + x > 0) - intact.accuracy[i]!),
    }));
    before += tasks[task].length;
  }
  await model.close();
  const file: AblateFile = {
    heads: refs.map((ref, i) => ({ ...ref, spatial: changes.spatial![i]!, control: changes.control![i]! })),
  };
  await writeFile(join(out, 'ablate.json'), JSON.stringify(file));
};
