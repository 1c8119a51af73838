import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import { openModel } from '#pipelines/models/index.ts';
import { answer } from './behaviour.ts';
import { paired } from './estimate.ts';
import type { AblateFile } from './files.ts';
import { meanAblation, meanZ } from './mean-ablation.ts';
import { TASK_NAMES, type Task, tasksOf } from './tasks.ts';

const Settings = z.strictObject({
  layer: z.int(),
  seed: z.int(),
  /** Samples tested, and those that the mean is taken over (other scenes). */
  from: z.int(),
  samples: z.int(),
  meanFrom: z.int(),
  meanSamples: z.int(),
});

/** Mean-ablates the heads of one layer, one at a time, on the spatial task and on its control. */
export const run: StageRun = async ({ settings, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const model = await openModel(files['model']!, { role: 'tuned', device });
  const { heads, dHead } = model.decoder.anatomy;
  const others = await tasksOf(model, { seed: s.seed, from: s.meanFrom, to: s.meanFrom + s.meanSamples });
  const means = await meanZ(
    model,
    TASK_NAMES.flatMap((t) => others[t].map((c) => c.encoded)),
    [s.layer],
  );
  const tasks = await tasksOf(model, { seed: s.seed, from: s.from, to: s.from + s.samples });
  const intact = { spatial: await answer(model, tasks.spatial), control: await answer(model, tasks.control) };
  const rows: AblateFile['heads'] = [];
  for (let head = 0; head < heads; head += 1) {
    const interventions = meanAblation([{ layer: s.layer, head }], means, dHead);
    const change = async (task: Task) => {
      const ablated = await answer(model, tasks[task], () => interventions);
      return {
        log_odds: Array.from(paired(ablated.log_odds, intact[task].log_odds)),
        accuracy: Array.from(paired(ablated.accuracy, intact[task].accuracy)),
      };
    };
    rows.push({ head, spatial: await change('spatial'), control: await change('control') });
    progress(head + 1, heads, 'heads');
  }
  await model.close();
  await writeFile(join(out, 'ablate.json'), JSON.stringify({ layer: s.layer, heads: rows } satisfies AblateFile));
};
