import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { HeadRef } from '#graph/types.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { random } from '#pipelines/data/random.ts';
import { openModel } from '#pipelines/models/index.ts';
import { type Answers, answer, MEASURES } from './behaviour.ts';
import { controlled, meanEstimate, meanOfDraws, paired } from './estimate.ts';
import { type JointFile, RankFile } from './files.ts';
import { meanAblation, meanZ } from './mean-ablation.ts';
import { TASK_NAMES, tasksOf } from './tasks.ts';

const Settings = z.strictObject({
  seed: z.int(),
  from: z.int(),
  samples: z.int(),
  meanFrom: z.int(),
  meanSamples: z.int(),
  top: z.int(),
  draws: z.int(),
  rounds: z.int(),
  confidence: z.number(),
});

/**
 * Ablates the heads ranked first on the traced samples together, on samples that ranked nothing, and as many random other heads in each
 * of several draws. Gives nothing where no head was ranked.
 */
export const run: StageRun = async ({ settings, inputs, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const rank = RankFile.parse(JSON.parse(await readFile(join(inputs['rank']!, 'rank.json'), 'utf8')));
  const joint: JointFile['joint'] = [];
  if (rank.spatial.length > 0) {
    const model = await openModel(files['model']!, { role: 'tuned', device });
    const { heads, dHead, layers } = model.decoder.anatomy;
    const ref = (i: number): HeadRef => ({ layer: Math.floor(i / heads), head: i % heads });
    const order = rank.spatial
      .map((_, i) => i)
      .sort((a, b) => rank.spatial[b]!.value - rank.spatial[a]!.value || a - b);
    const top = order.slice(0, s.top);
    const rest = order.slice(s.top).sort((a, b) => a - b);
    const draws = Array.from({ length: s.draws }, (_, d) =>
      random(s.seed, 'heads/joint', d).shuffle(rest).slice(0, s.top),
    );
    const slice = (from: number, samples: number) => ({ seed: s.seed, from, to: from + samples });
    const others = await tasksOf(model, slice(s.meanFrom, s.meanSamples));
    const encoded = TASK_NAMES.flatMap((t) => others[t].map((c) => c.encoded));
    const means = await meanZ(
      model,
      encoded,
      Array.from({ length: layers }, (_, l) => l),
    );
    const tasks = await tasksOf(model, slice(s.from, s.samples));
    const total = TASK_NAMES.length * (2 + s.draws);
    let done = 0;
    for (const task of TASK_NAMES) {
      const under = async (set: readonly number[]) => {
        const interventions = meanAblation(set.map(ref), means, dHead);
        const answers = await answer(model, tasks[task], () => interventions);
        done += 1;
        progress(done, total, 'ablations');
        return answers;
      };
      const intact = await under([]);
      const ablated = await under(top);
      const controls: Answers[] = [];
      for (const draw of draws) controls.push(await under(draw));
      for (const measure of MEASURES) {
        const of = (a: Answers) => a[measure];
        const control = meanOfDraws(controls.map((c) => paired(of(c), of(intact))));
        joint.push({
          heads: top.map(ref).map(({ layer, head }) => `H${layer}.${head}`),
          task,
          measure,
          intact: meanEstimate(of(intact), s),
          ablated: meanEstimate(of(ablated), s),
          effect: controlled(
            paired(of(ablated), of(intact)),
            { kind: `${s.top} random heads, ${s.draws} draws`, x: control },
            s,
          ),
        });
      }
    }
    await model.close();
  }
  await writeFile(join(out, 'joint.json'), JSON.stringify({ joint } satisfies JointFile));
};
