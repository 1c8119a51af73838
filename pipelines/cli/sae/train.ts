import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { explain } from '../../config/explain.ts';
import type { Json } from '../../config/stage.ts';
import { TrainSettings } from '../../sae/settings.ts';
import { run } from '../../sae/train.stage.ts';
import type { Output } from '../output.ts';
import { bars, lines, silent } from '../run/progress.ts';

/** Trains one dictionary on harvest folders into `out`, going on from a checkpoint that a stopped run left there. */
export async function trainAlone(
  stores: readonly string[],
  start: string | undefined,
  raw: Readonly<Record<string, unknown>>,
  out: string,
  output: Output,
): Promise<void> {
  const settings = TrainSettings.safeParse(raw);
  if (!settings.success) throw explain(TrainSettings, settings.error, 'sae train');
  const folder = resolve(out);
  await mkdir(folder, { recursive: true });
  const inputs = Object.fromEntries(stores.map((store, i) => [`activations/${i}`, resolve(store)]));
  const progress = output.quiet ? silent : process.stderr.isTTY ? bars(1, process.stderr) : lines(1, output.note);
  progress.start('sae');
  try {
    await run({
      settings: settings.data as unknown as Json,
      inputs: start ? { ...inputs, start: resolve(start) } : inputs,
      files: {},
      out: folder,
      device: 'cpu',
      progress: (done, total, unit) => progress.update('sae', done, total, unit),
      log: output.detail,
    });
  } finally {
    progress.close();
  }
}
