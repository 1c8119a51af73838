import { z } from 'zod';
import type { Sae } from '../types.ts';
import type { Folder } from './folder.ts';
import { type Format, parseConfig, unsupported } from './format.ts';
import { transpose, type Weights } from './weights.ts';

/** What a plain state dict cannot say of itself, in the words of the engine (`Sae`). */
const Config = z.strictObject({
  activation: z.enum(['relu', 'topk', 'jumprelu']),
  /** TopK. */
  k: z.int().min(1).optional(),
  /** Factor on the activations before the encoder; Llama Scope: sqrt(d) / mean norm. */
  scale: z.number().positive(),
  /** Whether `b_dec` is subtracted before the encoder. */
  apply_b_dec: z.boolean(),
});

/** Names that a tensor goes by, each with whether it lies transposed to ours (a torch `Linear` holds `[out, in]`). */
const NAMES = {
  encoder: { W_enc: false, w_enc: false, 'encoder.weight': true, encoder: false },
  decoder: { W_dec: false, w_dec: false, 'decoder.weight': true, decoder: false },
  encoderBias: { b_enc: false, 'encoder.bias': false },
  decoderBias: { b_dec: false, 'decoder.bias': false, bias: false },
} as const;

function find(w: Weights, role: keyof typeof NAMES): readonly [name: string, transposed: boolean] {
  const found = Object.entries(NAMES[role]).filter(([name]) => w.has(name));
  const [only] = found;
  if (found.length === 1 && only) return only;
  throw unsupported(
    w.file,
    `${found.length === 0 ? 'no tensor' : 'more than one tensor'} named ${Object.keys(NAMES[role]).join(', ')}; there are ${w.names.slice(0, 12).join(', ')}`,
    `rename the tensor that is the ${role.replace('Bias', "'s bias")}`,
  );
}

/** Thresholds of JumpReLU, one for all or one a feature, as they are or as logarithms. */
function thresholdOf(w: Weights, n: number): Float32Array {
  const log = w.has('log_threshold');
  const name = log ? 'log_threshold' : 'threshold';
  const size = w.shape(name).reduce((a, b) => a * b, 1);
  const values = size === 1 ? new Float32Array(n).fill(w.scalar(name)) : w.read(name, [n]);
  return log ? values.map(Math.exp) : values;
}

function only(folder: Folder, ending: string): string {
  const files = [...folder.files].filter((file) => file.endsWith(ending));
  if (files.length === 1) return files[0]!;
  throw unsupported(
    'dictionary.json',
    `there are ${files.length} files ${ending} beside it`,
    'give a folder that holds one',
  );
}

/**
 * A state dict in safetensors as research code saves it, among it dictionaries adapted from Llama Scope: encoder, decoder, biases and
 * thresholds under their usual names, with a `dictionary.json` that says what the tensors do not.
 */
export const stateDict: Format = {
  files: ['dictionary.json'],
  async load(folder) {
    const config = parseConfig(Config, await folder.json('dictionary.json'), 'dictionary.json');
    const { activation, k, scale, apply_b_dec: applyBDec } = config;
    if (activation === 'topk' && k === undefined)
      throw unsupported('dictionary.json', 'k is missing', 'add k, the number of features a token');
    const w = await folder.safetensors(only(folder, '.safetensors'));
    const matrix = (role: 'encoder' | 'decoder', shape: readonly [number, number]): Float32Array => {
      const [name, transposed] = find(w, role);
      const [rows, columns] = shape;
      return transposed ? transpose(w.read(name, [columns, rows]), columns, rows) : w.read(name, shape);
    };
    const [encoder, transposed] = find(w, 'encoder');
    const [rows, columns] = w.matrix(encoder);
    const [d, n] = transposed ? [columns, rows] : [rows, columns];
    const sae: Sae = {
      ...{ d, n, activation, scale, applyBDec, ...(activation === 'topk' ? { k: k! } : {}) },
      wEnc: matrix('encoder', [d, n]),
      bEnc: w.read(find(w, 'encoderBias')[0], [n]),
      wDec: matrix('decoder', [n, d]),
      bDec: w.read(find(w, 'decoderBias')[0], [d]),
      ...(activation === 'jumprelu' ? { threshold: thresholdOf(w, n) } : {}),
    };
    return { sae, hookZ: false, about: config };
  },
};
