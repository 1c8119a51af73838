import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type ActivationStore, openStore } from '#pipelines/activations/index.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { TOKEN_CLASS } from '#pipelines/models/types.ts';
import { createEncoder, loadSae, type SparseRows } from '#pipelines/sae/index.ts';
import { Activity, Histograms } from './activity.ts';
import { ActivityFile } from './files.ts';

const Settings = z.strictObject({ layer: z.int().min(0) });

/** Rows encoded at once. */
const ROWS = 8192;

/**
 * How often and how strongly every feature of one layer fires on held-out tokens. Inputs: `sae` (stage F), `vision` (tuned model on
 * multimodal data) and `text` (tuned model on base text). Output: `activity.json`.
 */
export const run: StageRun = async ({ settings, inputs, out, device, progress }) => {
  const { layer } = Settings.parse(settings);
  const sae = await loadSae(inputs['sae']!);
  const encoder = await createEncoder(sae, { device });
  const vision = await openStore(needFolders(inputs, 'vision'));
  const text = await openStore(needFolders(inputs, 'text'));
  const total = 2 * (vision.meta.tokens + text.meta.tokens);
  let done = 0;
  const each = async (store: ActivationStore, visit: (rows: SparseRows, from: number) => void) => {
    for (let from = 0; from < store.meta.tokens; from += ROWS) {
      const to = Math.min(store.meta.tokens, from + ROWS);
      visit(await encoder.encodeSparse(await store.rows(layer, from, to), to - from), from);
      done += to - from;
      progress(done, total, 'tokens');
    }
  };
  const activity = new Activity(sae.n);
  await each(text, (rows) => activity.add(rows, () => 'base_text'));
  const isImage = (row: number) => vision.table.class[row] === TOKEN_CLASS.image;
  await each(vision, (rows, from) => activity.add(rows, (t) => (isImage(from + t) ? 'image' : 'text')));
  const histograms = new Histograms(activity.max);
  await each(text, (rows) => histograms.add(rows));
  await each(vision, (rows) => histograms.add(rows));
  await encoder.close();
  const frequency = (group: string, i: number) => Number(activity.frequency(group, i).toPrecision(5));
  const file = Array.from({ length: sae.n }, (_, i) => ({
    frequency: { base_text: frequency('base_text', i), image: frequency('image', i), text: frequency('text', i) },
    max_activation: Number(activity.max[i]!.toPrecision(5)),
    histogram: histograms.of(i),
  }));
  await writeFile(join(out, 'activity.json'), JSON.stringify(ActivityFile.parse(file)));
};
