import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParallaxError } from '#pipelines/config/errors.ts';
import type { Feature, StageMetrics } from '#release/schema/feature.ts';
import { readArrays } from './arrays.ts';
import { MODALITY } from './dominance.ts';
import { DIFF_FILE, FLAGS_FILE, SUMMARY_FILE } from './files.ts';
import { DiffSummary } from './summary.ts';

/** What the diff says of one feature, in the release's own terms. */
export interface FeatureDiff {
  readonly stages: StageMetrics;
  readonly preference: Feature['preference'];
  readonly energy: Feature['energy'];
  readonly dominance: number;
  readonly class: Feature['class'];
  readonly latent_scaling: Feature['latent_scaling'];
  readonly flags: Omit<Feature['flags'], 'spatial' | 'decoy'>;
}

/** One layer's diff, by feature index. */
export interface LayerDiff {
  readonly layer: number;
  readonly features: number;
  feature(index: number): FeatureDiff;
}

export async function readDiffSummary(joined: string): Promise<DiffSummary> {
  return DiffSummary.parse(JSON.parse(await readFile(join(joined, SUMMARY_FILE), 'utf8')));
}

/**
 * Opens a layer of a finished diff.
 * @param folder of the layer's stage
 * @param joined folder of the joining stage
 */
export async function openLayerDiff(folder: string, joined: string, layer: number): Promise<LayerDiff> {
  const file = await readArrays(join(folder, DIFF_FILE));
  const flags = await readArrays(join(joined, FLAGS_FILE));
  const { layers } = await readDiffSummary(joined);
  const row = layers.findIndex((l) => l.layer === layer);
  if (row < 0)
    throw new ParallaxError(
      `layer ${layer} is not in the diff`,
      `choose one of ${layers.map((l) => l.layer).join(', ')}`,
    );
  const n = file.shape('cos.S.F')[0]!;
  const arrays = new Map<string, Float64Array>();
  const at = (name: string, i: number): number => {
    const array = arrays.get(name) ?? file.get(name);
    arrays.set(name, array);
    return array[i]!;
  };
  const maybe = (name: string, i: number): number | null => (file.has(name) ? at(name, i) : null);
  const masks = new Map<string, Float64Array>();
  const flag = (name: string, i: number): boolean => {
    if (!flags.has(name)) return false;
    const mask = masks.get(name) ?? flags.get(name);
    masks.set(name, mask);
    return mask[row * n + i] === 1;
  };
  const samples = at('samples.vision', 0);
  return {
    layer,
    features: n,
    feature: (i) => ({
      stages: {
        cos_s_f: at('cos.S.F', i),
        cos_s_d: maybe('cos.S.D', i),
        cos_d_f: maybe('cos.D.F', i),
        cos_s_m: maybe('cos.S.M', i),
        cos_m_f: maybe('cos.M.F', i),
        cos_s_f2: maybe('cos.S.F2', i),
        cos_f_f2: maybe('cos.F.F2', i),
        cos_s_c: maybe('cos.S.C', i),
        encoder_s_f: at('encoder.S.F', i),
        norm_ratio_s_f: at('norm_ratio.S.F', i),
        procrustes_s_f: at('procrustes.S.F', i),
        control_difference: file.has('cos.S.C') ? at('cos.S.C', i) - at('cos.S.F', i) : null,
      },
      preference: {
        value: at('preference', i),
        low: at('preference.low', i),
        high: at('preference.high', i),
        n: samples,
      },
      energy: {
        vision: at('energy.vision', i),
        text: at('energy.text', i),
        image_tokens: at('energy.image_tokens', i),
        text_tokens: at('energy.text_tokens', i),
      },
      dominance: at('dominance', i),
      class: MODALITY[at('dominance.class', i)]!,
      latent_scaling: file.has('beta.tuned')
        ? {
            tuned: at('beta.tuned', i),
            tuned_reconstruction: at('beta.tuned_reconstruction', i),
            tuned_error: at('beta.tuned_error', i),
            base: at('beta.base', i),
            base_reconstruction: at('beta.base_reconstruction', i),
            base_error: at('beta.base_error', i),
          }
        : null,
      flags: {
        dead: flag('dead', i),
        adapted: flag('adapted', i),
        adapted_strict: flag('adapted.strict', i),
        suspect: flag('suspect', i),
        rotated_shared: flag('rotated.shared', i),
      },
    }),
  };
}
