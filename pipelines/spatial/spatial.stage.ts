import { join } from 'node:path';
import { z } from 'zod';
import { openStore } from '#pipelines/activations/index.ts';
import { foldersOf, needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { type NamedArray, vector, writeArrays } from '#pipelines/diff/arrays.ts';
import { sumsOfStream } from '#pipelines/diff/stream.ts';
import { createEncoder, loadSae } from '#pipelines/sae/index.ts';
import { FIRING_FILE, firingArrays, OPTIONAL, STREAMS } from './files.ts';
import { firingRows } from './firing.ts';

export const SpatialSettings = z.strictObject({
  layer: z.int().min(0),
  /** Pictures that are analysed, the first ones of every stream; all where null. */
  samples: z.int().min(2).nullable().default(null),
  /** Activation above which a token, and a sample by its largest, counts as fired. */
  firesAbove: z.number().min(0),
});
export type SpatialSettings = z.input<typeof SpatialSettings>;

/**
 * Firing of one layer's features on the text tokens of every prompt family. Inputs: `sae` (stage F) and the tuned model's
 * streams `spatial`, `matched`, `generic`, and where run `word`, `mirror`, each a store folder or parts `spatial/0`, ...
 * Sample i of every stream is about picture i.
 */
export const run: StageRun = async ({ settings, inputs, out, device, progress }) => {
  const s = SpatialSettings.parse(settings);
  const sae = await loadSae(needFolders(inputs, 'sae')[0]!);
  const encoder = await createEncoder(sae, { device });
  const arrays: Record<string, NamedArray> = { n: vector(Int32Array.of(sae.n)) };
  for (const [i, name] of STREAMS.entries()) {
    const folders = OPTIONAL.includes(name) ? foldersOf(inputs, name) : needFolders(inputs, name);
    if (folders.length > 0) {
      const store = await openStore(folders);
      const range = s.samples === null ? null : ([0, s.samples] as const);
      const sums = await sumsOfStream(encoder, sae.n, store, s.layer, { range, threshold: s.firesAbove });
      Object.assign(arrays, firingArrays(name, firingRows(sums)));
    }
    progress(i + 1, STREAMS.length, 'streams');
  }
  await encoder.close();
  await writeArrays(join(out, FIRING_FILE), arrays);
};
