import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { replaceFile } from '../../config/replace-file.ts';
import { weightsFile } from '../../models/train/checkpoint.ts';
import { fillTemplate } from '../../models/train/export.ts';
import type { Weights } from '../../models/train/init.ts';
import { type ParameterTable, sizeOfTable } from '../../models/train/shapes.ts';
import { TEMPLATE } from './world.ts';

/** A model of the pair as it is written. */
export interface Exported {
  readonly role: string;
  readonly folder: string;
  readonly parameters: number;
  readonly files: Readonly<Record<string, { bytes: number; sha256: string }>>;
}

/** Files of a folder with their hashes, by name. */
async function filesOf(folder: string): Promise<Exported['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const path of paths.sort()) {
    const bytes = await readFile(path);
    files[relative(folder, path)] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  return files;
}

/**
 * Writes a model in the layout of transformers.js: configs and tokenizer of the template folder as they are, its graphs with these
 * weights, and the weights as safetensors with Hugging Face's names.
 *
 * @throws GraphError where the template has another shape
 */
export async function exportModel(
  out: string,
  role: string,
  template: 'base' | 'tuned',
  table: ParameterTable,
  weights: Weights,
): Promise<Exported> {
  const [from, folder] = [join(TEMPLATE, template), join(out, role)];
  await mkdir(join(folder, 'onnx'), { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true }))
    if (entry.isFile()) await copyFile(join(from, entry.name), join(folder, entry.name));
  for (const name of await readdir(join(from, 'onnx')))
    await replaceFile(join(folder, 'onnx', name), await fillTemplate(join(from, 'onnx', name), weights));
  await replaceFile(join(folder, 'model.safetensors'), weightsFile(table, weights));
  return { role, folder: role, parameters: sizeOfTable(table), files: await filesOf(folder) };
}
