import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Sae } from '../types.ts';
import { dictionaryLearning } from './dictionary-learning.ts';
import { openFolder } from './folder.ts';
import type { Format, Loaded } from './format.ts';
import { gemmaScope, gemmaScope2 } from './gemma-scope.ts';
import { locateDictionary } from './hub.ts';
import { saelens } from './saelens.ts';
import { llamaScope, openmoss } from './scope.ts';
import { sparsify } from './sparsify.ts';

export type { Loaded } from './format.ts';

/** Every published form that is read, told by its files. */
export const FORMATS: Readonly<Record<string, Format>> = {
  saelens,
  'llama-scope': llamaScope,
  'gemma-scope': gemmaScope,
  'gemma-scope-2': gemmaScope2,
  openmoss,
  sparsify,
  'dictionary-learning': dictionaryLearning,
};

/** Loads a dictionary from a folder or a hub id (`owner/name@revision/folder`), and says which format it was. Throws `ParallaxError`, or `ReleaseError` on broken safetensors. */
export async function loadDictionary(pathOrId: string): Promise<Loaded & { readonly format: string }> {
  const dir = await locateDictionary(pathOrId, [...new Set(Object.values(FORMATS).flatMap(({ files }) => files))]);
  const folder = await openFolder(dir);
  const found = Object.entries(FORMATS).filter(([, { files }]) => files.every((file) => folder.files.has(file)));
  if (found.length !== 1)
    throw new ParallaxError(
      `dictionary ${dir}: ${found.length === 0 ? 'no known format' : `more than one format: ${found.map(([f]) => f).join(', ')}`}`,
      `give a folder that holds ${Object.entries(FORMATS)
        .map(([name, { files }]) => `${files.join(' and ')} (${name})`)
        .join(', or ')}`,
    );
  const [name, format] = found[0]!;
  return { ...(await format.load(folder)), format: name };
}

/** A dictionary from a folder or hub id, of any known format. */
export const loadSae = async (pathOrId: string): Promise<Sae> => (await loadDictionary(pathOrId)).sae;
