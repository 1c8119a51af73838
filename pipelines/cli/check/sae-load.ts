import { join } from 'node:path';
import { z } from 'zod';
import { createEncoder, loadDictionary, reconstruct, toDense } from '#pipelines/sae/index.ts';
import { toNumbers } from '#release/safetensors.ts';
import type { Answer, Check } from './case.ts';

const Spec = z.looseObject({ format: z.string(), folder: z.string(), inputs: z.string() });

/** A published dictionary: its format told by its files, its activations and reconstruction on given tokens. */
export const check: Check = async ({ dir, spec, load }) => {
  const { format, folder, inputs } = Spec.parse(spec);
  const loaded = await loadDictionary(join(dir, folder));
  if (loaded.format !== format) throw new Error(`the folder was taken for ${loaded.format}, it is ${format}`);
  const { sae, hookZ } = loaded;
  const x = (await load(inputs)).get('x');
  if (!x) throw new Error(`${inputs} has no tensor x`);
  const lead = x.shape.slice(0, hookZ ? -2 : -1);
  const tokens = lead.reduce((a, b) => a * b, 1);
  const data = toNumbers(x, Float32Array);
  const encoder = await createEncoder(sae);
  try {
    const f = await encoder.encodeSparse(data, tokens);
    const answers = new Map<string, Answer>([
      ['feature_acts', { shape: [...lead, sae.n], data: toDense(f, sae.n) }],
      ['reconstruction', { shape: x.shape, data: reconstruct(sae, data, f) }],
    ]);
    return { answers };
  } finally {
    await encoder.close();
  }
};
