import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import { collect } from '#pipelines/data/index.ts';
import { byLength, openModel } from '#pipelines/models/index.ts';
import { type HeadAttention, layerAttention, sameEmbeddings } from './attention.ts';
import { meanEstimate, meanOfDraws, paired } from './estimate.ts';
import type { AttentionFile } from './files.ts';
import { encodeAll } from './samples.ts';

const Settings = z.strictObject({
  layer: z.int(),
  seed: z.int(),
  from: z.int(),
  samples: z.int(),
  /** Samples whose attention is kept as a picture. */
  views: z.int(),
  rounds: z.int(),
  confidence: z.number(),
});

const BATCH = 16;

/** Attention on the picture by head: the tuned model, and the base on the same embeddings. */
export const run: StageRun = async ({ settings, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const tuned = await openModel(files['model']!, { role: 'tuned', device });
  const base = await openModel(files['base']!, { role: 'base', device });
  const encoded = await encodeAll(
    tuned,
    await collect('scenes/spatial', { seed: s.seed, from: s.from, to: s.from + s.samples }),
  );
  const found: { tuned: HeadAttention[]; base: HeadAttention[] }[] = new Array(encoded.length);
  let done = 0;
  for (const index of byLength(encoded, BATCH)) {
    const batch = index.map((i) => encoded[i]!);
    const inputs = tuned.inputs(batch);
    const seen = await layerAttention(tuned.decoder, inputs, [], batch, s.layer);
    const same = sameEmbeddings(base, inputs, batch);
    const before = await layerAttention(base.decoder, same.inputs, same.interventions, batch, s.layer);
    index.forEach((i, row) => {
      found[i] = { tuned: seen[row]!, base: before[row]! };
    });
    done += index.length;
    progress(done, encoded.length, 'samples');
  }
  const { heads } = tuned.decoder.anatomy;
  const order = Array.from({ length: heads }, (_, h) => h);
  /** Mean over the heads given, sample by sample. */
  const compare = (of: 'mass' | 'entropy', among: readonly number[]) => {
    const values = (model: 'tuned' | 'base') => meanOfDraws(among.map((h) => found.map((f) => f[model][h]![of])));
    const [after, before] = [values('tuned'), values('base')];
    return {
      tuned: meanEstimate(after, s),
      base: meanEstimate(before, s),
      change: meanEstimate(paired(after, before), s),
    };
  };
  const file: AttentionFile = {
    layer: s.layer,
    mean: { mass: compare('mass', order), entropy: compare('entropy', order) },
    heads: order.map((h) => ({
      mass: compare('mass', [h]),
      entropy: compare('entropy', [h]),
      views: encoded.slice(0, s.views).map((e, i) => ({
        index: s.from + i,
        prompt: e.sample.prompt,
        weights: Array.from(found[i]!.tuned[h]!.patches, (w) => Math.round(w * 1e4) / 1e4),
      })),
    })),
  };
  await Promise.all([tuned.close(), base.close()]);
  await writeFile(join(out, 'attention.json'), JSON.stringify(file));
};
