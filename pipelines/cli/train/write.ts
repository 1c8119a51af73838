import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { replaceFile } from '../../config/replace-file.ts';
import { hashFolder } from '../../models/files.ts';
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
  /** Of the folder, as every run that opens it names it. */
  readonly sha256: string;
  readonly files: Readonly<Record<string, FileFacts>>;
  /** The same weights for PyTorch, beside the folders: `weights/<role>.safetensors`. */
  readonly weights: FileFacts;
}

interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
}

const factsOf = (bytes: Uint8Array): FileFacts => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** Files of a folder with their hashes, by name. */
async function filesOf(folder: string): Promise<Exported['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Record<string, FileFacts> = {};
  for (const path of paths.sort()) files[relative(folder, path)] = factsOf(await readFile(path));
  return files;
}

/**
 * Writes a model in the layout of transformers.js: configs and tokenizer of the template folder as they are, its graphs with these
 * weights; and beside the folders the weights as safetensors with Hugging Face's names, as PyTorch reads them.
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
  const plain = weightsFile(table, weights);
  await mkdir(join(out, 'weights'), { recursive: true });
  await replaceFile(join(out, 'weights', `${role}.safetensors`), plain);
  return {
    role,
    folder: role,
    parameters: sizeOfTable(table),
    sha256: await hashFolder(folder),
    files: await filesOf(folder),
    weights: factsOf(plain),
  };
}
