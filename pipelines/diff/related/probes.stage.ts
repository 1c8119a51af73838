import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openStore } from '#pipelines/activations/index.ts';
import { needFolders } from '#pipelines/config/roles.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { random } from '#pipelines/data/random.ts';
import type { Sample } from '#pipelines/data/sample.ts';
import type { ProbeRow } from '#release/schema/index.ts';
import { PROBES_FILE } from './files.ts';
import { POOLS, pool } from './pool.ts';
import { classProbe, valueProbe } from './probe.ts';
import { Source, samplesOf, subjectOf } from './samples.ts';

const Settings = z.strictObject({
  layers: z.array(z.int().min(0)).min(1),
  seed: z.int().min(0),
  rounds: z.int().min(10),
  confidence: z.number().gt(0).lt(1),
  source: Source,
});
export type ProbeSettings = z.input<typeof Settings>;

/** Numbers that a probe reads, by target. */
const VALUES = {
  x: (sample: Sample) => subjectOf(sample)?.x ?? null,
  y: (sample: Sample) => subjectOf(sample)?.y ?? null,
} as const;

/** Classes that a probe reads, by target. */
const CLASSES = {
  identity: (sample: Sample) => subjectOf(sample)?.name ?? null,
  holds: ({ truth }: Sample) => (truth?.kind === 'relation' && truth.holds !== undefined ? String(truth.holds) : null),
} as const;

/**
 * Linear probes of every layer of the tuned model: place and name of the thing asked about, and whether the relation holds, from
 * image tokens, text tokens and the last token. Inputs: `stream`, the store of `source`.
 */
export const run: StageRun = async ({ settings, inputs, out, progress }) => {
  const s = Settings.parse(settings);
  const store = await openStore(needFolders(inputs, 'stream'));
  const samples = await samplesOf(s.source);
  const rows: ProbeRow[] = [];
  for (const [done, layer] of s.layers.entries()) {
    for (const tokens of POOLS) {
      const x = await pool(store, layer, tokens);
      const options = (target: string) => ({ ...s, random: random(s.seed, 'related/probe', target) });
      for (const [target, value] of Object.entries(VALUES) as [keyof typeof VALUES, (typeof VALUES)['x']][]) {
        const score = valueProbe(x, samples.map(value), options(target));
        if (score) rows.push({ layer, tokens, target, measure: 'r2', score });
      }
      for (const [target, label] of Object.entries(CLASSES) as [keyof typeof CLASSES, (typeof CLASSES)['holds']][]) {
        const score = classProbe(x, samples.map(label), options(target));
        if (score) rows.push({ layer, tokens, target, measure: 'accuracy', score });
      }
    }
    progress(done + 1, s.layers.length, 'layers');
  }
  await writeFile(join(out, PROBES_FILE), `${JSON.stringify(rows)}\n`);
};
