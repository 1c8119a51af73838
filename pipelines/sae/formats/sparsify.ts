import { z } from 'zod';
import { type Format, parseConfig } from './format.ts';
import { transpose } from './weights.ts';

const Config = z.looseObject({
  d_in: z.int().min(1),
  num_latents: z.int().min(0).default(0),
  expansion_factor: z.int().min(1).default(32),
  k: z.int().min(1),
  activation: z.literal('topk').default('topk'),
  transcode: z.literal(false).default(false),
  skip_connection: z.literal(false).default(false),
});

/** EleutherAI's sparsify. */
export const sparsify: Format = {
  files: ['cfg.json', 'sae.safetensors'],
  async load(folder) {
    const config = parseConfig(Config, await folder.json('cfg.json'), 'cfg.json');
    const w = await folder.safetensors('sae.safetensors');
    const d = config.d_in;
    const n = config.num_latents || config.expansion_factor * d;
    const sae = {
      d,
      n,
      activation: 'topk' as const,
      k: config.k,
      scale: 1,
      applyBDec: true,
      wEnc: transpose(w.read('encoder.weight', [n, d]), n, d),
      bEnc: w.read('encoder.bias', [n]),
      wDec: w.read('W_dec', [n, d]),
      bDec: w.read('b_dec', [d]),
    };
    return { sae, hookZ: false, about: config };
  },
};
