import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { f32Tensor, type SafeTensor, writeSafetensors } from '#release/safetensors.ts';
import { toFloat32 } from './formats/weights.ts';
import type { Sae } from './types.ts';

/** Version of SAELens whose layout is written. */
const VERSION = '6.54.12';

/** Where the dictionary was trained, as SAELens' metadata; what is not known is left out. */
export interface Origin {
  readonly modelName?: string;
  readonly hookName?: string;
  /** Trained on `hook_z`, heads flattened. */
  readonly hookZ?: boolean;
  readonly [key: string]: unknown;
}

const norms = { layer: 'layer_norm', constant: 'constant_norm_rescale' } as const;

/** `scale` moved into the weights, so that the encoder reads the model's own units and gives the same `f`. */
export function foldScale(sae: Sae): Sae {
  const { scale } = sae;
  if (scale === 1) return sae;
  const by = (data: Float32Array, factor: number) => data.map((v) => v * factor);
  return {
    ...sae,
    scale: 1,
    wEnc: by(sae.wEnc, scale),
    wDec: by(sae.wDec, 1 / scale),
    bDec: by(sae.bDec, 1 / scale),
    bEnc: sae.bEnc,
  };
}

/** The reverse of `foldScale`; exact where `scale` is a power of two. */
export const unfoldScale = (sae: Sae, scale: number): Sae => ({ ...foldScale({ ...sae, scale: 1 / scale }), scale });

type Named = readonly (readonly [name: string, data: Float32Array, shape: readonly number[]])[];

/** What each activation adds to SAELens' file: its architecture, fields of the configuration, and tensors. */
const KINDS: Readonly<
  Record<Sae['activation'], (sae: Sae) => { architecture: string; fields?: Record<string, unknown>; tensors: Named }>
> = {
  relu: ({ bEnc, n }) => ({ architecture: 'standard', tensors: [['b_enc', bEnc, [n]]] }),
  topk: ({ bEnc, n, k }) => ({
    architecture: 'topk',
    fields: { k, rescale_acts_by_decoder_norm: false },
    tensors: [['b_enc', bEnc, [n]]],
  }),
  jumprelu: ({ bEnc, n, threshold }) => ({
    architecture: 'jumprelu',
    tensors: [
      ['b_enc', bEnc, [n]],
      ['threshold', threshold!.length === n ? threshold! : new Float32Array(n).fill(threshold![0]!), [n]],
    ],
  }),
  batchtopk: (sae) => KINDS.jumprelu(sae),
  gated: ({ bEnc, n, gate }) => ({
    architecture: 'gated',
    tensors: [
      ['b_gate', bEnc, [n]],
      ['r_mag', gate!.scale.map(Math.log), [n]],
      ['b_mag', gate!.bias.map((b, i) => b + bEnc[i]! * gate!.scale[i]!), [n]],
    ],
  }),
};

/** A dictionary as SAELens saves it: `cfg.json` and the tensors of `sae_weights.safetensors`. */
export function toSaelens(
  sae: Sae,
  origin: Origin = {},
): { config: Record<string, unknown>; tensors: Map<string, SafeTensor> } {
  const folded = foldScale(sae);
  const { d, n } = sae;
  const { architecture, fields, tensors } = KINDS[sae.activation](folded);
  const { modelName, hookName, hookZ, ...rest } = origin;
  const config = {
    architecture,
    d_in: d,
    d_sae: n,
    dtype: 'float32',
    device: 'cpu',
    apply_b_dec_to_input: sae.applyBDec,
    normalize_activations: sae.norm ? norms[sae.norm] : 'none',
    reshape_activations: hookZ ? 'hook_z' : 'none',
    ...fields,
    metadata: {
      sae_lens_version: VERSION,
      ...(modelName === undefined ? {} : { model_name: modelName }),
      ...(hookName === undefined ? {} : { hook_name: hookName }),
      ...rest,
      parallax: { activation: sae.activation, scale: sae.scale, ...(sae.k === undefined ? {} : { k: sae.k }) },
    },
  };
  const all: Named = [
    ['W_enc', folded.wEnc, [d, n]],
    ['W_dec', folded.wDec, [n, d]],
    ['b_dec', folded.bDec, [d]],
    ...tensors,
  ];
  return { config, tensors: new Map(all.map(([name, data, shape]) => [name, f32Tensor(data, shape)])) };
}

/** Writes a folder that SAELens loads, and that `loadSae` reads back to the same dictionary. */
export async function saveSae(dir: string, sae: Sae, origin: Origin = {}): Promise<void> {
  const { config, tensors } = toSaelens(sae, origin);
  for (const [name, tensor] of tensors)
    if (!toFloat32(tensor).every(Number.isFinite))
      throw new RangeError(`dictionary to be saved: ${name} is not finite`);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'cfg.json'), `${JSON.stringify(config, null, 2)}\n`);
  await writeFile(join(dir, 'sae_weights.safetensors'), writeSafetensors(tensors));
}
