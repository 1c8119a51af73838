import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type ActivationStore, openStore } from '#pipelines/activations/index.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { createEncoder, loadSae } from '#pipelines/sae/index.ts';
import type { Sae } from '#pipelines/sae/types.ts';
import type { SimilarFile } from './files.ts';
import { centredColumns, nearest, unitRows } from './similar.ts';

const Settings = z.strictObject({ layers: z.array(z.int()), count: z.int() });

/** Peak activation of every feature on every sample, over text tokens after the image: `[samples, n]`. */
async function peaks(store: ActivationStore, layer: number, sae: Sae): Promise<Float32Array> {
  const encoder = await createEncoder(sae);
  const { meta, table } = store;
  const { offsets, index, value } = await encoder.encodeSparse(await store.rows(layer, 0, meta.tokens), meta.tokens);
  await encoder.close();
  const out = new Float32Array(meta.samples.length * sae.n);
  for (let t = 0; t < meta.tokens; t += 1) {
    if (table.afterImage[t] !== 1) continue;
    const at = table.sample[t]! * sae.n;
    for (let e = offsets[t]!; e < offsets[t + 1]!; e += 1)
      out[at + index[e]!] = Math.max(out[at + index[e]!]!, value[e]!);
  }
  return out;
}

/** Inputs: `store` (any stream with pictures, whole or in parts), and the F dictionary of each layer as `L<layer>`. */
export const run: StageRun = async ({ settings, inputs, out, progress }) => {
  const { layers, count } = Settings.parse(settings);
  const store = await openStore(needFolders(inputs, 'store'));
  const round = (x: number) => Math.round(x * 1e4) / 1e4;
  const named = (layer: number, found: ReturnType<typeof nearest>) =>
    found.map((row) => row.map((s): [number, number, number] => [layer, s.index, round(s.value)]));
  const file: SimilarFile = [];
  let previous: { layer: number; columns: Float32Array } | undefined;
  for (const layer of layers) {
    const sae = await loadSae(inputs[`L${layer}`]!);
    const unit = unitRows(sae.wDec, sae.d);
    const rows = store.meta.samples.length;
    const columns = centredColumns(await peaks(store, layer, sae), rows, sae.n);
    const below = previous
      ? named(previous.layer, nearest(columns, previous.columns, rows, count, { same: false }))
      : [];
    if (previous) {
      const above = named(layer, nearest(previous.columns, columns, rows, count, { same: false }));
      const last = file.at(-1)!;
      last.matches = above.map((row, i) => [...(last.matches[i] ?? []), ...row]);
    }
    const neighbours = named(layer, nearest(unit, unit, sae.d, count, { same: true }));
    file.push({ layer, neighbours, matches: below.length > 0 ? below : neighbours.map(() => []) });
    previous = { layer, columns };
    progress(file.length, layers.length, 'layers');
  }
  await writeFile(join(out, 'similar.json'), JSON.stringify(file));
};
