import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ParallaxError } from '../../config/errors.ts';
import type { RunConfig } from '../../config/schema.ts';
import { parseReleaseId } from '../../release/ids.ts';
import type { Output } from '../output.ts';
import { pipelineOf, RELEASE_STAGE } from '../pipeline/index.ts';
import { interruptSignal } from './interrupt.ts';
import { bars, lines, silent } from './progress.ts';
import { publishFolder } from './publish.ts';
import { runStages } from './run.ts';

/** A release that a run made. */
export interface Made {
  readonly release: string;
  readonly folder: string;
  /** The resolved config: `parallax run` on it gives the same bytes. */
  readonly config: string;
  readonly stages: number;
}

const progressOf = (output: Output) => (total: number) => {
  if (output.quiet) return silent;
  return process.stderr.isTTY ? bars(total, process.stderr) : lines(total, output.note);
};

/** Runs the whole pipeline in `out` and puts the release at `<out>/releases/<id>`. Ctrl-C throws `Interrupted`. */
export async function makeRelease(
  config: RunConfig,
  options: { readonly out: string; readonly workers: number; readonly trust: boolean },
  output: Output,
): Promise<Made> {
  const out = resolve(options.out);
  const stages = await pipelineOf(config);
  await mkdir(out, { recursive: true });
  const { signal, dispose } = interruptSignal();
  try {
    const { workers, trust } = options;
    const folders = await runStages(stages, {
      out,
      workers,
      trust,
      device: config.device,
      signal,
      progress: progressOf(output),
    });
    const configFile = join(out, 'config.json');
    await writeFile(configFile, `${JSON.stringify(config, null, 2)}\n`);
    const stage = folders.get(RELEASE_STAGE)!;
    const release = (await readdir(stage)).find((name) => parseReleaseId(name) !== null);
    if (!release)
      throw new ParallaxError(
        `stage ${RELEASE_STAGE} gave no release in ${stage}`,
        'remove that folder, then start again',
      );
    const folder = join(out, 'releases', release);
    await publishFolder(join(stage, release), folder);
    return { release, folder, config: configFile, stages: stages.length };
  } finally {
    dispose();
  }
}
