import { z } from 'zod';
import type { Sae } from '../types.ts';
import { type Format, parseConfig } from './format.ts';
import { parseNpz } from './npz.ts';
import { Weights } from './weights.ts';

/** `w_enc [d,n]`, `w_dec [n,d]`; version 1 writes `W_enc` and `W_dec`. */
function read(w: Weights): Sae {
  const name = (small: string) => (w.has(small) ? small : small.replace('w_', 'W_'));
  const [d, n] = w.matrix(name('w_enc'));
  return {
    d,
    n,
    activation: 'jumprelu',
    scale: 1,
    applyBDec: false,
    wEnc: w.read(name('w_enc'), [d, n]),
    bEnc: w.read('b_enc', [n]),
    wDec: w.read(name('w_dec'), [n, d]),
    bDec: w.read('b_dec', [d]),
    threshold: w.read('threshold', [n]),
  };
}

/** Gemma Scope (Lieberum et al. 2024). */
export const gemmaScope: Format = {
  files: ['params.npz'],
  async load(folder) {
    const w = new Weights('params.npz', parseNpz(await folder.bytes('params.npz')));
    return { sae: read(w), hookZ: false, about: {} };
  },
};

const Config = z.looseObject({
  architecture: z.enum(['jump_relu', 'jumprelu']).optional(),
  affine_connection: z.literal(false).optional(),
});

/** Gemma Scope 2: the same numbers in safetensors. */
export const gemmaScope2: Format = {
  files: ['config.json', 'params.safetensors'],
  async load(folder) {
    const config = parseConfig(Config, await folder.json('config.json'), 'config.json');
    return { sae: read(await folder.safetensors('params.safetensors')), hookZ: false, about: config };
  },
};
