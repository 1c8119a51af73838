import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openStore } from '#pipelines/activations/index.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { random } from '#pipelines/data/random.ts';
import { createEncoder, loadSae } from '#pipelines/sae/index.ts';
import { readArrays } from '../arrays.ts';
import { sumsOfStream } from '../stream.ts';
import { IMAGES_FILE, MONOSEMANTICITY_FILE, type MonosemanticityFile } from './files.ts';
import { meanSimilarity, monosemanticity } from './monosemanticity.ts';

const Settings = z.strictObject({
  layer: z.int().min(0),
  seed: z.int().min(0),
  rounds: z.int().min(10),
  confidence: z.number().gt(0).lt(1),
});
export type MonosemanticitySettings = z.input<typeof Settings>;

/** Monosemanticity of one layer's features. Inputs: `sae` (stage F), `vision` (a store with pictures), `images` (embeddings of the same samples). */
export const run: StageRun = async ({ settings, inputs, out, device, progress }) => {
  const { layer, seed, ...intervals } = Settings.parse(settings);
  const sae = await loadSae(needFolders(inputs, 'sae')[0]!);
  const store = await openStore(needFolders(inputs, 'vision'));
  const encoder = await createEncoder(sae, { device });
  const sums = await sumsOfStream(encoder, sae.n, store, layer, { range: null, threshold: 0 });
  await encoder.close();
  const embeddings = (await readArrays(join(needFolders(inputs, 'images')[0]!, IMAGES_FILE))).get('embeddings');
  const row: MonosemanticityFile = {
    layer,
    scores: Array.from(monosemanticity(sums, embeddings), (score) => (Number.isNaN(score) ? null : score)),
    chance: meanSimilarity(embeddings, sums.samples, { ...intervals, random: random(seed, 'related/chance') }),
  };
  await writeFile(join(out, MONOSEMANTICITY_FILE), `${JSON.stringify(row)}\n`);
  progress(1, 1, 'layers');
};
