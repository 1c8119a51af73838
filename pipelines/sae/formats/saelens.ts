import { z } from 'zod';
import { unfoldScale } from '../save.ts';
import type { Sae, TokenNorm } from '../types.ts';
import { type Format, type Loaded, parseConfig, unsupported } from './format.ts';
import type { Weights } from './weights.ts';

const FILE = 'cfg.json';

/** Both layouts: nested since version 6, flat before. */
const Config = z.looseObject({
  d_in: z.int().min(1),
  d_sae: z.int().min(1),
  architecture: z.string().default('standard'),
  apply_b_dec_to_input: z.boolean().default(true),
  normalize_activations: z.union([z.string(), z.boolean(), z.null()]).default('none'),
  reshape_activations: z.string().default('none'),
  k: z.int().min(1).optional(),
  rescale_acts_by_decoder_norm: z.boolean().default(false),
  metadata: z
    .looseObject({
      sae_lens_version: z.string().optional(),
      /** Written by us: what SAELens' fields cannot say. */
      parallax: z
        .object({ activation: z.string(), scale: z.number().positive(), k: z.number().positive().optional() })
        .optional(),
    })
    .optional(),
  hook_name: z.string().optional(),
  hook_point: z.string().optional(),
  activation_fn: z.string().optional(),
  activation_fn_str: z.string().optional(),
  activation_fn_kwargs: z.looseObject({ k: z.int().min(1).optional() }).nullish(),
  finetuning_scaling_factor: z.boolean().default(false),
});
type Config = z.infer<typeof Config>;

type Parts = Pick<Sae, 'activation' | 'wEnc' | 'bEnc' | 'wDec'> & Partial<Pick<Sae, 'k' | 'threshold' | 'gate'>>;

/** What all architectures share. */
const encoder = (w: Weights, { d_in: d, d_sae: n }: Config) => ({
  wEnc: w.read('W_enc', [d, n]),
  wDec: w.read('W_dec', [n, d]),
});

function topk(w: Weights, config: Config): Parts {
  const { d_in: d, d_sae: n, k } = config;
  if (k === undefined)
    throw unsupported(FILE, 'k is missing for architecture topk', 'add k, the number of features a token');
  const { wEnc, wDec } = encoder(w, config);
  const bEnc = w.read('b_enc', [n]);
  if (config.rescale_acts_by_decoder_norm)
    for (let i = 0; i < n; i += 1) {
      const norm = Math.hypot(...wDec.subarray(i * d, (i + 1) * d));
      if (norm === 0)
        throw unsupported(FILE, `decoder row ${i} is zero, its norm cannot rescale`, 'use another checkpoint');
      bEnc[i]! *= norm;
      for (let j = 0; j < d; j += 1) {
        wEnc[j * n + i]! *= norm;
        wDec[i * d + j]! /= norm;
      }
    }
  return { activation: 'topk', k, wEnc, bEnc, wDec };
}

/** SAELens' `architecture` -> our parts. */
const ARCHITECTURES: Readonly<Record<string, (w: Weights, config: Config) => Parts>> = {
  standard: (w, c) => ({ activation: 'relu', ...encoder(w, c), bEnc: w.read('b_enc', [c.d_sae]) }),
  topk,
  jumprelu: (w, c) => ({
    activation: 'jumprelu',
    ...encoder(w, c),
    bEnc: w.read('b_enc', [c.d_sae]),
    threshold: w.read('threshold', [c.d_sae]),
  }),
  gated(w, c) {
    const bEnc = w.read('b_gate', [c.d_sae]);
    const scale = w.read('r_mag', [c.d_sae]).map(Math.exp);
    const bias = w.read('b_mag', [c.d_sae]).map((b, i) => b - bEnc[i]! * scale[i]!);
    return { activation: 'gated', ...encoder(w, c), bEnc, gate: { scale, bias } };
  },
};

const NORMS: Readonly<Record<string, TokenNorm | undefined>> = {
  none: undefined,
  layer_norm: 'layer',
  constant_norm_rescale: 'constant',
};

/** A flat configuration of before version 6 in the words of version 6. */
function upgrade(config: Config): Config {
  if (config.metadata?.sae_lens_version !== undefined) return config;
  const activation = config.activation_fn_str ?? config.activation_fn ?? 'relu';
  if (activation !== 'relu' && activation !== 'topk')
    throw unsupported(FILE, `activation_fn_str ${activation} is unknown`, 'choose a dictionary with relu or topk');
  const hook = config.hook_name ?? config.hook_point ?? '';
  const k = config.k ?? config.activation_fn_kwargs?.k;
  return {
    ...config,
    architecture: activation === 'topk' ? 'topk' : config.architecture,
    ...(k === undefined ? {} : { k }),
    reshape_activations: hook.includes('hook_z') ? 'hook_z' : config.reshape_activations,
  };
}

/** A `scaling_factor` other than ones multiplies what enters the decoder, where the configuration says that it is meant. */
function finetuned(
  w: Weights,
  { finetuning_scaling_factor: meant, d_in: d, d_sae: n }: Config,
  wDec: Float32Array,
): Float32Array {
  const name = ['scaling_factor', 'finetuning_scaling_factor'].find((x) => w.has(x));
  if (!name) return wDec;
  const factor = w.read(name, [n]);
  if (factor.every((v) => Math.abs(v - 1) <= 1.001e-5)) return wDec;
  if (!meant)
    throw unsupported(
      w.file,
      `${name} is not ones, but finetuning_scaling_factor is false`,
      'set finetuning_scaling_factor to true if the factor is meant, or remove the tensor',
    );
  return wDec.map((v, j) => v * factor[Math.floor(j / d)]!);
}

function normOf(raw: Config['normalize_activations']): TokenNorm | undefined {
  const name = raw === null || typeof raw === 'boolean' ? (raw ? 'true' : 'none') : raw;
  if (Object.hasOwn(NORMS, name)) return NORMS[name];
  throw unsupported(
    FILE,
    `normalize_activations ${name} is unknown`,
    `choose one of ${Object.keys(NORMS).join(', ')}; fold an expected average norm into the weights with SAELens first`,
  );
}

/** A dictionary that we saved: its scale taken out of the weights again, BatchTopK known by its name. */
function restore(sae: Sae, ours: { activation: string; scale: number; k?: number | undefined }): Sae {
  const unfolded = unfoldScale(sae, ours.scale);
  if (ours.activation !== 'batchtopk' || ours.k === undefined) return unfolded;
  return { ...unfolded, activation: 'batchtopk', k: ours.k };
}

/** SAELens, all versions (decoderesearch/SAELens). */
export const saelens: Format = {
  files: [FILE, 'sae_weights.safetensors'],
  async load(folder): Promise<Loaded> {
    const config = upgrade(parseConfig(Config, await folder.json(FILE), FILE));
    const { architecture } = config;
    const parse = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
    if (!parse)
      throw unsupported(
        FILE,
        `architecture ${architecture} is unknown`,
        `choose a dictionary with one of ${Object.keys(ARCHITECTURES).join(', ')}`,
      );
    if (config.reshape_activations !== 'none' && config.reshape_activations !== 'hook_z')
      throw unsupported(FILE, `reshape_activations ${config.reshape_activations} is unknown`, 'choose none or hook_z');
    const norm = normOf(config.normalize_activations);
    const w = await folder.safetensors('sae_weights.safetensors');
    const parts = parse(w, config);
    const read: Sae = {
      d: config.d_in,
      n: config.d_sae,
      scale: 1,
      applyBDec: config.apply_b_dec_to_input,
      bDec: w.read('b_dec', [config.d_in]),
      ...(norm ? { norm } : {}),
      ...parts,
      wDec: finetuned(w, config, parts.wDec),
    };
    const ours = config.metadata?.parallax;
    const sae = ours ? restore(read, ours) : read;
    return { sae, hookZ: config.reshape_activations === 'hook_z', about: { ...config, ...config.metadata } };
  },
};
