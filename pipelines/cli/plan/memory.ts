import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../../config/schema.ts';
import { listFiles } from '../run/hash-files.ts';

/** Node with ONNX Runtime and the models' library, before any work. */
const PROCESS = 250e6;
/** Rows that the shuffled reader holds. */
const BUFFER = 65_536;

async function folderBytes(folder: string): Promise<number> {
  const sizes = await Promise.all((await listFiles(folder)).map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((a, b) => a + b, 0);
}

/** Bytes that one process needs at most: a pair of open models, or a dictionary in training with its moments and buffers. */
export async function workerMemory(config: RunConfig, folders: readonly string[], dModel: number): Promise<number> {
  const sizes = await Promise.all(folders.map(folderBytes));
  // ONNX Runtime holds the weights beside the file that it read.
  const models =
    2 *
    sizes
      .sort((a, b) => b - a)
      .slice(0, 2)
      .reduce((a, b) => a + b, 0);
  const { features, batch } = config.sae;
  const parameters = 2 * dModel * features;
  // Parameters and two moments, each in two sets; activations of a batch with their gradients.
  const training = 4 * (3 * 2 * parameters + BUFFER * dModel + 6 * batch * features);
  return PROCESS + Math.max(models, training);
}
