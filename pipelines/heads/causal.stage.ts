import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { f32 } from '#graph/tensor.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { type Choice, openModel } from '#pipelines/models/index.ts';
import type { TracedModel } from '#pipelines/models/types.ts';
import { loadSae } from '#pipelines/sae/index.ts';
import type { Sae } from '#pipelines/sae/types.ts';
import type { CausalTest } from '#release/schema/index.ts';
import { type Answers, answer, MEASURES } from './behaviour.ts';
import { featureMetric } from './direction.ts';
import { controlled, meanOfDraws, paired } from './estimate.ts';
import { ablateDirection, decoderDirection, randomDirection, steerDirection } from './feature-intervention.ts';
import { type CausalFile, TargetsFile } from './files.ts';
import { TASK_NAMES, type Task, tasksOf } from './tasks.ts';

const Settings = z.strictObject({
  layer: z.int(),
  seed: z.int(),
  from: z.int(),
  samples: z.int(),
  /** Features tested over all layers, largest effect first. */
  features: z.int(),
  /** Multiples of the feature's mean peak activation; 0 stands for ablation. */
  doses: z.array(z.number()),
  draws: z.int(),
  rounds: z.int(),
  confidence: z.number(),
});
type Settings = z.infer<typeof Settings>;

/** Ablates and steers single features on samples that chose none of them, against random directions of equal norm and a control task. */
export const run: StageRun = async ({ settings, inputs, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const targets = TargetsFile.parse(JSON.parse(await readFile(join(inputs['targets']!, 'targets.json'), 'utf8')));
  const spatial = targets.filter((t) => t.kind === 'spatial').slice(0, s.features);
  const chosen = spatial.filter((t) => t.layer === s.layer).map((t) => t.feature);
  const file: CausalFile = [];
  if (chosen.length > 0) {
    const sae = await loadSae(inputs['sae']!);
    const model = await openModel(files['model']!, { role: 'tuned', device });
    const tasks = await tasksOf(model, { seed: s.seed, from: s.from, to: s.from + s.samples });
    const intact = { spatial: await answer(model, tasks.spatial), control: await answer(model, tasks.control) };
    for (const [i, feature] of chosen.entries()) {
      file.push({ feature, tests: await testFeature(model, sae, feature, tasks, intact, s) });
      progress(i + 1, chosen.length, 'features');
    }
    await model.close();
  }
  await writeFile(join(out, 'causal.json'), JSON.stringify(file));
};

async function testFeature(
  model: TracedModel,
  sae: Sae,
  feature: number,
  tasks: Record<Task, Choice[]>,
  intact: Record<Task, Answers>,
  s: Settings,
): Promise<CausalTest[]> {
  const { unit, norm } = decoderDirection(sae, feature);
  const peak = await meanPeak(model, sae, feature, tasks.spatial, s.layer);
  const controls = Array.from({ length: s.draws }, (_, d) =>
    randomDirection(sae.d, s.seed, 'heads/causal', s.layer, feature, d),
  );
  const tests: CausalTest[] = [];
  for (const dose of s.doses)
    for (const task of TASK_NAMES) {
      const under = (direction: Float32Array) =>
        answer(
          model,
          tasks[task],
          dose === 0 ? ablateDirection(s.layer, direction) : steerDirection(s.layer, direction, dose * peak * norm),
        );
      const changed = await under(unit);
      const random: Answers[] = [];
      for (const control of controls) random.push(await under(control));
      for (const measure of MEASURES) {
        const of = (a: Answers) => a[measure];
        const change = (a: Answers) => paired(of(a), of(intact[task]));
        tests.push({
          test: dose === 0 ? 'ablate' : 'steer',
          dose,
          task,
          measure,
          effect: controlled(
            change(changed),
            { kind: `random direction of equal norm, ${s.draws} draws`, x: meanOfDraws(random.map(change)) },
            s,
          ),
        });
      }
    }
  return tests;
}

/** Mean over samples of the feature's largest pre-activation at a text token after the image: the unit of a dose. */
async function meanPeak(
  model: TracedModel,
  sae: Sae,
  feature: number,
  choices: readonly Choice[],
  layer: number,
): Promise<number> {
  const { direction, bias } = featureMetric(sae, layer, [feature], 'pre', f32([0], [1, 1]));
  const site = `blocks.${layer}.hook_resid_post`;
  let sum = 0;
  for (const { encoded } of choices) {
    const x = (await model.decoder.run(model.inputs([encoded]), { taps: [site] }))[site]!.data;
    let peak = 0;
    for (let t = encoded.afterImage; t < encoded.ids.length; t += 1) {
      let z = bias!.data[0]!;
      for (let j = 0; j < sae.d; j += 1) z += x[t * sae.d + j]! * direction.data[j]!;
      peak = Math.max(peak, z);
    }
    sum += peak;
  }
  return sum / choices.length;
}
