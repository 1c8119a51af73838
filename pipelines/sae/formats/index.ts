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
import { stateDict } from './state-dict.ts';

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
  'state-dict': stateDict,
};

/** Files that hold Python objects: reading them would run whatever they say. */
const PICKLES = /(\.(pt|pth|pkl|pickle|ckpt)|^pytorch_model\.bin)$/;

/** Names the nearest thing to do with weights of no known format. */
function refuseUnknown(dir: string, files: ReadonlySet<string>): void {
  const pickle = [...files].find((file) => PICKLES.test(file));
  if (pickle)
    throw new ParallaxError(
      `dictionary ${dir}: ${pickle} is pickled Python, which is not run, and there is no configuration of a known format beside it`,
      'in Python: safetensors.torch.save_file(torch.load(path, weights_only=True), "weights.safetensors"), and put a dictionary.json beside it',
    );
  if ([...files].some((file) => file.endsWith('.safetensors')))
    throw new ParallaxError(
      `dictionary ${dir}: no known format: safetensors without the configuration that belongs to them`,
      'add the configuration, or a dictionary.json such as {"activation": "jumprelu", "scale": 1, "apply_b_dec": false}',
    );
}

/** Loads a dictionary from a folder or a hub id (`owner/name@revision/folder`), and says which format it was. Throws `ParallaxError`, or `ReleaseError` on broken safetensors. */
export async function loadDictionary(pathOrId: string): Promise<Loaded & { readonly format: string }> {
  const dir = await locateDictionary(pathOrId, [...new Set(Object.values(FORMATS).flatMap(({ files }) => files))]);
  const folder = await openFolder(dir);
  const found = Object.entries(FORMATS).filter(([, { files }]) => files.every((file) => folder.files.has(file)));
  if (found.length === 0) refuseUnknown(dir, folder.files);
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
