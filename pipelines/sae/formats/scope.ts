import { z } from 'zod';
import type { Sae } from '../types.ts';
import { type Format, parseConfig, unsupported } from './format.ts';
import { transpose, type Weights } from './weights.ts';

/** Settings that Llama Scope and its successor share. What we do not compute is refused. */
const Common = z.looseObject({
  d_model: z.int().min(1),
  hook_point_in: z.string(),
  use_decoder_bias: z.boolean().default(true),
  apply_decoder_bias_to_pre_encoder: z.boolean().default(false),
  use_glu_encoder: z.literal(false).default(false),
  act_fn: z.literal('jumprelu'),
  norm_activation: z.literal('dataset-wise'),
});

const Hyperparams = Common.extend({
  dataset_average_activation_norm: z.looseObject({ in: z.number().positive() }),
  jump_relu_threshold: z.number().min(0),
});

const Config = Common.extend({ sae_type: z.literal('sae').default('sae') });

/** The tensors of both, in the units of the scaled stream: `z = s x W_enc + b_enc`. */
function read(w: Weights, config: z.infer<typeof Common>): Omit<Sae, 'scale' | 'threshold' | 'activation'> {
  const d = config.d_model;
  const [n] = w.matrix('encoder.weight');
  return {
    d,
    n,
    applyBDec: config.apply_decoder_bias_to_pre_encoder,
    wEnc: transpose(w.read('encoder.weight', [n, d]), n, d),
    bEnc: w.read('encoder.bias', [n]),
    wDec: transpose(w.read('decoder.weight', [d, n]), d, n),
    bDec: config.use_decoder_bias ? w.read('decoder.bias', [d]) : new Float32Array(d),
  };
}

/** Llama Scope (He et al. 2024): one threshold, stated in the units of the unscaled stream. */
export const llamaScope: Format = {
  files: ['hyperparams.json', 'checkpoints/final.safetensors'],
  async load(folder) {
    const config = parseConfig(Hyperparams, await folder.json('hyperparams.json'), 'hyperparams.json');
    const w = await folder.safetensors('checkpoints/final.safetensors');
    const scale = Math.sqrt(config.d_model) / config.dataset_average_activation_norm.in;
    const parts = read(w, config);
    const threshold = new Float32Array(parts.n).fill(scale * config.jump_relu_threshold);
    return { sae: { ...parts, activation: 'jumprelu', scale, threshold }, hookZ: false, about: config };
  },
};

/** OpenMOSS' Language-Model-SAEs: a threshold a feature, in the units of the scaled stream. */
export const openmoss: Format = {
  files: ['config.json', 'sae_weights.safetensors'],
  async load(folder) {
    const config = parseConfig(Config, await folder.json('config.json'), 'config.json');
    const w = await folder.safetensors('sae_weights.safetensors');
    const norm = w.scalar(`dataset_average_activation_norm.${config.hook_point_in}`);
    if (!(norm > 0)) throw unsupported(w.file, `the average activation norm is ${norm}`, 'download the file again');
    const parts = read(w, config);
    const name = ['log_jumprelu_threshold', 'activation_function.log_jumprelu_threshold'].find((x) => w.has(x));
    const threshold = w.read(name ?? 'log_jumprelu_threshold', [parts.n]).map(Math.exp);
    const scale = Math.sqrt(config.d_model) / norm;
    return { sae: { ...parts, activation: 'jumprelu', scale, threshold }, hookZ: false, about: config };
  },
};
