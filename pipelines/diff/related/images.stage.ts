import { join } from 'node:path';
import type { StageRun } from '#pipelines/config/stage.ts';
import { openModel } from '#pipelines/models/index.ts';
import { writeArrays } from '../arrays.ts';
import { IMAGES_FILE } from './files.ts';
import { Source, samplesOf } from './samples.ts';

const BATCH = 32;

/** One embedding a picture: the mean of its image features. Files: `model`, the tuned model. Settings: the slice of a data set. */
export const run: StageRun = async ({ settings, files, out, device, progress }) => {
  const samples = await samplesOf(Source.parse(settings));
  const model = await openModel(files['model']!, { role: 'tuned', device });
  const width = model.decoder.anatomy.dModel;
  const embeddings = new Float64Array(samples.length * width);
  for (let from = 0; from < samples.length; from += BATCH) {
    const batch = samples.slice(from, from + BATCH);
    const features = await model.imageFeatures(batch);
    const patches = features.length / (batch.length * width);
    for (let k = 0; k < features.length; k += 1)
      embeddings[(from + Math.floor(k / (patches * width))) * width + (k % width)]! += features[k]! / patches;
    progress(Math.min(samples.length, from + BATCH), samples.length, 'pictures');
  }
  await model.close();
  await writeArrays(join(out, IMAGES_FILE), { embeddings: { shape: [samples.length, width], data: embeddings } });
};
