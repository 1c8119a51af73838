import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../../config/schema.ts';
import { dataset } from '../../data/index.ts';
import { openModel } from '../../models/index.ts';
import { TOKEN_CLASS } from '../../models/types.ts';
import { heldOutFrom, type StreamName, streamsOf } from './harvest.ts';
import type { Pair } from './pair.ts';

const BYTES = { float16: 2, float32: 4 } as const;

/** Samples on which the length of a stream's samples is measured. */
const MEASURED = 32;

/** Most tokens that a sample can have; unbounded where the model does not say. */
async function mostTokens(folder: string): Promise<number> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  const text = (config['text_config'] ?? config) as Record<string, unknown>;
  const most = text['max_position_embeddings'];
  return typeof most === 'number' ? most : Number.POSITIVE_INFINITY;
}

/** Mean tokens kept of a stream's first samples. */
async function meanTokens(config: RunConfig, folder: string, name: StreamName): Promise<number> {
  const { dataset: data, image, answer } = streamsOf(config)[name];
  const model = await openModel(folder);
  try {
    const lengths: number[] = [];
    for await (const sample of dataset(data, { seed: config.seed, from: 0, to: MEASURED }))
      lengths.push(
        (await model.encode(sample, { image, answer })).classes.filter((c) => c !== TOKEN_CLASS.dropped).length,
      );
    return lengths.reduce((a, b) => a + b, 0) / lengths.length;
  } finally {
    await model.close();
  }
}

/**
 * Training streams whose store would exceed `sae.storeLimit`: their dictionaries learn straight from the model. Samples are only
 * measured where even the longest ones the model reads might not fit; the answer depends on config and models alone.
 */
export async function onlineStreams(
  config: RunConfig,
  pair: Pair,
  names: Iterable<StreamName>,
): Promise<ReadonlySet<StreamName>> {
  const { dtype, storeLimit } = config.sae;
  const online = new Set<StreamName>();
  for (const name of names) {
    const folder = pair.folders[streamsOf(config)[name].model]!;
    const bytes = (tokens: number) =>
      heldOutFrom(config, name) * tokens * pair.layers.length * pair.dModel * BYTES[dtype];
    if (bytes(await mostTokens(folder)) <= storeLimit) continue;
    if (bytes(await meanTokens(config, folder, name)) > storeLimit) online.add(name);
  }
  return online;
}
