import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { listFiles } from '../../pipelines/cli/run/hash-files.ts';
import type { StageRun } from '../../pipelines/config/stage.ts';

const Settings = z.strictObject({
  seed: z.number(),
  steps: z.number(),
  /** What goes wrong, if anything. */
  trouble: z.enum(['none', 'error', 'full-disk', 'crash']).default('none'),
});

const NEXT_STEP = Object.assign(new Error('the toy broke'), { next: 'mend the toy' });
const TROUBLE = {
  none: async () => {},
  error: async () => {
    throw NEXT_STEP;
  },
  'full-disk': () => writeFile('/dev/full', 'x'),
  crash: async () => {
    process.stdout.write('last words\n');
    await wait(20);
    process.exit(7);
  },
};

/** Folds the bytes of its inputs and its seed for some steps, saving its state at each. */
export const run: StageRun = async ({ settings, inputs, files, out, progress, log }) => {
  const { seed, steps, trouble } = Settings.parse(settings);
  const checkpoint = join(out, '.checkpoint');
  await mkdir(checkpoint, { recursive: true });
  const saved = await readFile(join(checkpoint, 'state'), 'utf8').catch(() => undefined);
  let { step, state } = saved ? (JSON.parse(saved) as { step: number; state: number }) : { step: 0, state: seed };
  if (step > 0) log(`goes on at step ${step}`);
  if (step === 0)
    for (const folder of [...Object.entries(inputs), ...Object.entries(files)].sort().map(([, path]) => path))
      for (const name of await listFiles(folder))
        if (name !== 'stage.json')
          for (const byte of await readFile(join(folder, name))) state = (Math.imul(state, 31) + byte) >>> 0;
  await writeFile(join(out, `half-${process.pid}`), 'an unfinished file');
  for (; step < steps; step += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    await writeFile(join(checkpoint, 'next'), JSON.stringify({ step: step + 1, state }));
    await rename(join(checkpoint, 'next'), join(checkpoint, 'state'));
    progress(step + 1, steps, 'steps');
    await wait(2);
  }
  await TROUBLE[trouble]();
  await rename(join(out, `half-${process.pid}`), join(out, 'result'));
  await mkdir(join(out, 'deep/er'), { recursive: true });
  await writeFile(join(out, 'deep/er/state.txt'), `${state}\n`);
};
