import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATHS } from '#release/ids.ts';
import type { LiveLayer, LiveNames } from '#release/probe/live.ts';
import type { ReleaseReader } from '#release/reader.ts';
import { parseSafetensors, safetensorsMetadata } from '#release/safetensors.ts';
import { ParallaxError } from '../../../config/errors.ts';
import { Weights } from '../../../sae/formats/weights.ts';
import type { ActivationKind } from '../../../sae/types.ts';
import { packEncoder } from '../dictionary.ts';
import type { Place } from './place.ts';

/** The stage whose dictionary reads the tuned model on the multimodal data. */
const STAGE = 'F';

/** The encoder of one stage of a release's dictionary file, float32. */
export function stageEncoder(path: string, file: Uint8Array, stage: string = STAGE): Uint8Array {
  const about = safetensorsMetadata(file);
  const weights = new Weights(path, parseSafetensors(file));
  const [d, n] = weights.matrix(`${stage}.W_enc`);
  const activation = about[`${stage}.activation`] as ActivationKind;
  if (activation === 'gated')
    throw new ParallaxError(`${path}: gated dictionaries cannot be probed`, 'build the site of another release');
  const threshold = `${stage}.threshold`;
  const k = about[`${stage}.k`];
  return packEncoder({
    d,
    n,
    activation,
    ...(k ? { k: Number(k) } : {}),
    scale: Number(about[`${stage}.scale`]),
    applyBDec: about[`${stage}.apply_b_dec`] === 'true',
    wEnc: weights.read(`${stage}.W_enc`, [d, n]),
    bEnc: weights.read(`${stage}.b_enc`, [n]),
    bDec: weights.read(`${stage}.b_dec`, [d]),
    ...(weights.has(threshold) ? { threshold: weights.read(threshold, weights.shape(threshold)) } : {}),
  });
}

/** The encoders of a layer's stages. */
async function placeStages(path: string, layer: number, file: Uint8Array, place: Place): Promise<LiveLayer['stages']> {
  const stages = Object.keys(safetensorsMetadata(file)).flatMap((key) => /^(\w+)\.activation$/.exec(key)?.[1] ?? []);
  const placed = stages.map(async (stage) => [
    stage,
    await place.put(`dictionary/L${layer}.${stage}.bin`, stageEncoder(path, file, stage)),
  ]);
  return Object.fromEntries(await Promise.all(placed));
}

/** Dictionary and names of every layer of a release. */
export async function placeLayers(folder: string, reader: ReleaseReader, place: Place): Promise<LiveLayer[]> {
  const { layers, features_per_layer: features } = reader.manifest;
  const flags = (await reader.columns(['spatial'])).get('spatial');
  return Promise.all(
    layers.map(async (layer) => {
      const path = PATHS.dictionary(layer);
      const ordinals = Array.from({ length: features }, (_, index) => reader.ordinal(layer, index)!);
      const names: LiveNames = {
        labels: await reader.labels(ordinals),
        spatial: ordinals.flatMap((ordinal, index) => (flags?.data[ordinal] === 1 ? [index] : [])),
      };
      const file = await readFile(join(folder, path));
      const stages = await placeStages(path, layer, file, place);
      return {
        layer,
        features,
        dictionary: stages[STAGE]!,
        stages,
        names: await place.put(`names/L${layer}.json`, JSON.stringify(names)),
      };
    }),
  );
}
