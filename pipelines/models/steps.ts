import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { parseSafetensors, toNumbers } from '#release/safetensors.ts';
import { findGraph, GRAPHS, type GraphRole, isFolder } from './files.ts';
import { fillTemplate } from './train/export.ts';

/** A moment of training: its number of steps, and the folder that holds its weights. */
export interface Moment {
  readonly step: number;
  readonly folder: string;
}

const WEIGHTS = 'model.safetensors';

/** Checkpoints of a folder, `0000/model.safetensors` and so on, by their number. Throws `ParallaxError` where there are none. */
export async function momentsOf(folder: string): Promise<Moment[]> {
  const names = isFolder(folder) ? await readdir(folder) : [];
  const moments = names
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ step: Number(name), folder: join(folder, name) }))
    .sort((a, b) => a.step - b.step);
  if (moments.length === 0)
    throw new ParallaxError(
      `pair.steps: ${folder} holds no checkpoints`,
      `give a folder with one folder a checkpoint, named by its steps: 0160/${WEIGHTS}`,
    );
  return moments;
}

/**
 * The tuned model as it was at a moment: `tuned`'s folder with that moment's weights in its graphs, by Hugging Face's names; what the
 * checkpoint does not hold (the frozen vision encoder) stays. Written to `out`.
 * @throws ParallaxError where the checkpoint has no weights, or GraphError where they are of another shape
 */
export async function writeMoment(tuned: string, { folder }: Moment, out: string): Promise<void> {
  const file = await readFile(join(folder, WEIGHTS)).catch((cause) => {
    throw new ParallaxError(`checkpoint ${folder} has no ${WEIGHTS}`, 'save the weights of the checkpoint there', {
      cause,
    });
  });
  const weights = Object.fromEntries(
    [...parseSafetensors(file)].map(([name, tensor]) => [name, toNumbers(tensor, Float32Array)]),
  );
  await mkdir(join(out, 'onnx'), { recursive: true });
  for (const entry of await readdir(tuned, { withFileTypes: true }))
    if (entry.isFile()) await cp(join(tuned, entry.name), join(out, entry.name));
  for (const role of Object.keys(GRAPHS) as GraphRole[]) {
    const template = findGraph(tuned, role);
    if (template)
      await writeFile(join(out, 'onnx', basename(template)), await fillTemplate(template, weights, { keep: true }));
  }
}
