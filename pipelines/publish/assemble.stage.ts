import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RunConfig } from '#pipelines/config/schema.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { collect } from '#pipelines/data/index.ts';
import { readDiffSummary } from '#pipelines/diff/index.ts';
import { MONOSEMANTICITY_FILE, MonosemanticityFile } from '#pipelines/diff/related/files.ts';
import { AblateFile, AttentionFile, BehaviourFile, JointFile, RankFile } from '#pipelines/heads/files.ts';
import { joinHeads } from '#pipelines/heads/join.ts';
import { SimilarFile } from '#pipelines/label/files.ts';
import { writePicture } from '#pipelines/label/pictures.ts';
import { openModel } from '#pipelines/models/index.ts';
import { loadSae, STAGES } from '#pipelines/sae/index.ts';
import { openSpatial } from '#pipelines/spatial/index.ts';
import { type ModelInfo, StepRow } from '#release/schema/index.ts';
import { writeRelease } from '#release/writer.ts';
import { examplesOf, featuresOf, readLayer, type Shared } from './assemble/layer.ts';
import { modelInfo } from './assemble/model-info.ts';
import { addPictures } from './assemble/pictures.ts';
import { readQuality } from './assemble/quality.ts';
import { relatedOf } from './assemble/related.ts';
import { readRole, readRoles } from './assemble/roles.ts';
import { summarise } from './assemble/summary.ts';
import { version } from './version.ts';

const Settings = z.strictObject({
  config: RunConfig,
  layers: z.array(z.int()).min(1),
  /** Held-out tokens and samples behind the figures. */
  counts: z.strictObject({ samples: z.int() }),
});

const PICTURES = '.pictures';

/**
 * Puts a release together from everything that was found out. Inputs by role: `diff/<l>`, `diff`, `spatial`, `activity/<l>`, `tokens/<l>`,
 * `examples/<l>`, `similar`, `rank`, `joint`, `behaviour`, `ablate`, `causal/<l>`, `attention/<l>`, `card/...`, `sae/<stage>/<l>`, and where the
 * run made them `step/<i>`, `probes`, `shifts`, `monosemanticity/<l>`;
 * files: the models by role. Output: one folder, named by the release's id.
 */
export const run: StageRun = async ({ settings, inputs, files, out, device, progress, log }) => {
  const { config, layers, counts } = Settings.parse(settings);
  const read = <T>(role: string, name: string, schema: z.ZodType<T>): Promise<T> =>
    readRole(inputs, role, name, schema);
  const readAll = <T>(role: string, name: string, schema: z.ZodType<T>): Promise<T[]> =>
    readRoles(inputs, role, name, schema);

  const models: ModelInfo[] = [];
  let grid = { rows: 0, columns: 0 };
  for (const role of ['base', 'tuned', 'control'] as const) {
    const folder = files[role];
    if (!folder) continue;
    const model = await openModel(folder, { role, device });
    models.push(await modelInfo(role, folder, model));
    if (role === 'tuned' && model.patches) grid = { rows: model.patches.rows, columns: model.patches.columns };
    await model.close();
  }
  const { layers: depth, heads } = models.find((m) => m.role === 'tuned')!;
  progress(1, 4, 'parts');

  const pictures = new Map<string, Uint8Array>();
  for (const layer of layers) await addPictures(pictures, join(inputs[`examples/${layer}`]!, 'images'));
  const attention = await readAll('attention', 'attention.json', AttentionFile);
  const views = new Map<number, string>();
  for (const index of new Set(attention.flatMap((a) => a.heads.flatMap((h) => h.views.map((v) => v.index))))) {
    const [sample] = await collect('scenes/spatial', { seed: config.seed, from: index, to: index + 1 });
    if (sample?.image) views.set(index, await writePicture(join(out, PICTURES), sample.image));
  }
  await addPictures(pictures, join(out, PICTURES));
  await rm(join(out, PICTURES), { recursive: true, force: true });
  progress(2, 4, 'parts');

  const shared: Shared = {
    spatial: await openSpatial(inputs['spatial']!),
    rank: await read('rank', 'rank.json', RankFile),
    similar: await read('similar', 'similar.json', SimilarFile),
  };
  const intervals = { rounds: config.diff.bootstrap, confidence: config.confidence, seed: config.seed };
  const headsFile = joinHeads(
    {
      layers: depth,
      heads,
      grid,
      rank: shared.rank,
      ablations: await read('ablate', 'ablate.json', AblateFile),
      attention,
      joint: (await read('joint', 'joint.json', JointFile)).joint,
      image: (index) => views.get(index),
    },
    intervals,
  );
  const steps = (await readAll('step', 'step.json', StepRow)).sort((a, b) => a.step - b.step);
  const monosemanticity = await readAll('monosemanticity', MONOSEMANTICITY_FILE, MonosemanticityFile);
  const scores = (layer: number) => monosemanticity.find((m) => m.layer === layer)?.scores ?? null;
  const evidence = await Promise.all(layers.map((layer) => readLayer(inputs, layer, scores(layer))));
  const quality = await readQuality(inputs);
  progress(3, 4, 'parts');

  const { name, version: release, date, title, description, authors, licence } = config.release;
  const id = await writeRelease(out, {
    manifest: {
      name,
      version: release,
      date,
      title,
      description,
      authors,
      licence,
      generator: { name: 'parallax', version },
      models,
      features_per_layer: evidence[0]!.diff.features,
      stages: ['S', ...config.stages, 'F'],
      settings: config,
      confidence: config.confidence,
      counts: { ...counts, tokens: Math.max(0, ...quality.rows.map((r) => r.tokens)) },
    },
    layers: evidence.map((e) => ({ layer: e.layer, features: featuresOf(e, shared), examples: examplesOf(e) })),
    heads: headsFile,
    quality,
    summary: summarise({
      diff: await readDiffSummary(inputs['diff']!),
      spatial: shared.spatial,
      heads: headsFile,
      behaviour: await read('behaviour', 'behaviour.json', BehaviourFile),
    }),
    related: await relatedOf(
      inputs,
      { quality: quality.rows, attention, spatial: shared.spatial, monosemanticity },
      intervals,
    ),
    ...(steps.length > 0 ? { steps: { steps } } : {}),
    images: pictures,
    dictionaries: async (layer) => {
      const stages = STAGES.filter((stage) => inputs[`sae/${stage}/${layer}`]);
      const loaded = await Promise.all(stages.map((stage) => loadSae(inputs[`sae/${stage}/${layer}`]!)));
      return new Map(stages.map((stage, i) => [stage, loaded[i]!]));
    },
  });
  log(`release ${id}`);
  progress(4, 4, 'parts');
};
