import { z } from 'zod';
import type { Sae } from '../types.ts';
import { type Format, parseConfig, unsupported } from './format.ts';
import { parseTorch } from './torch.ts';
import { transpose, Weights } from './weights.ts';

const Config = z.looseObject({
  trainer: z.looseObject({ dict_class: z.string(), k: z.int().min(1).optional() }),
});

type Choice = Pick<Sae, 'activation'> & Partial<Pick<Sae, 'k' | 'threshold'>>;

/** `dict_class` -> its activation. */
const CLASSES: Readonly<Record<string, (w: Weights, k: number | undefined, n: number) => Choice>> = {
  AutoEncoder: () => ({ activation: 'relu' }),
  AutoEncoderTopK(_w, k) {
    if (k === undefined)
      throw unsupported('config.json', 'trainer.k is missing', 'add k, the number of features a token');
    return { activation: 'topk', k };
  },
  BatchTopKSAE: (w, _k, n) => ({ activation: 'jumprelu', threshold: new Float32Array(n).fill(w.scalar('threshold')) }),
};

/** saprmarks/dictionary_learning: a configuration beside a torch pickle. */
export const dictionaryLearning: Format = {
  files: ['config.json', 'ae.pt'],
  async load(folder) {
    const config = parseConfig(Config, await folder.json('config.json'), 'config.json');
    const { dict_class: name, k } = config.trainer;
    const choose = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
    if (!choose)
      throw unsupported(
        'config.json',
        `trainer.dict_class ${name} is unknown`,
        `choose a dictionary of class ${Object.keys(CLASSES).join(', ')}`,
      );
    const w = new Weights('ae.pt', parseTorch(await folder.bytes('ae.pt')));
    const [n, d] = w.matrix('encoder.weight');
    const sae: Sae = {
      d,
      n,
      scale: 1,
      applyBDec: true,
      wEnc: transpose(w.read('encoder.weight', [n, d]), n, d),
      bEnc: w.read('encoder.bias', [n]),
      wDec: transpose(w.read('decoder.weight', [d, n]), d, n),
      bDec: w.read(w.has('b_dec') ? 'b_dec' : 'bias', [d]),
      ...choose(w, k, n),
    };
    return { sae, hookZ: false, about: config };
  },
};
