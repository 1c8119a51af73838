import type { Sample } from '../data/sample.ts';
import type { TracedModel } from './types.ts';

const BATCH = 64;

/**
 * Mean image embedding `[dModel]` over patches and samples: what stands at every image token of a corrupt run.
 * The paper takes 256 mixed samples.
 */
export async function meanImageFeature(
  model: TracedModel,
  samples: Iterable<Sample> | AsyncIterable<Sample>,
): Promise<Float32Array> {
  const { dModel } = model.decoder.anatomy;
  const sum = new Float64Array(dModel);
  let rows = 0;
  let batch: Sample[] = [];
  const add = async () => {
    const features = await model.imageFeatures(batch);
    features.forEach((value, i) => {
      sum[i % dModel] = sum[i % dModel]! + value;
    });
    rows += features.length / dModel;
    batch = [];
  };
  for await (const sample of samples) {
    batch.push(sample);
    if (batch.length === BATCH) await add();
  }
  if (batch.length > 0) await add();
  return Float32Array.from(sum, (value) => value / rows);
}
