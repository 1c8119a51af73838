import { z } from 'zod';
import {
  createEncoder,
  decodeScaled,
  keepBatch,
  lossRecovered,
  measure,
  prepare,
  type Sae,
  type SparseRows,
} from '#pipelines/sae/index.ts';
import { type SafeTensor, toNumbers } from '#release/safetensors.ts';
import type { Answer, Check } from './case.ts';

const Spec = z.looseObject({
  sae: z.looseObject({
    activation: z.enum(['relu', 'topk', 'batchtopk', 'jumprelu']),
    k: z.number().positive().optional(),
    scale: z.number().default(1),
    apply_b_dec: z.boolean(),
  }),
  classes: z.array(z.string()),
  inputs: z.string(),
});

/** Feature activations; BatchTopK without a threshold chooses over the whole batch, as in training. */
async function encode(sae: Sae, x: Float32Array, tokens: number): Promise<SparseRows> {
  const whole = sae.activation === 'batchtopk' && sae.threshold === undefined;
  const encoder = await createEncoder(whole ? { ...sae, activation: 'relu' } : sae);
  try {
    const f = await encoder.encodeSparse(x, tokens);
    return whole ? keepBatch(f, Math.floor(sae.k! * tokens)) : f;
  } finally {
    await encoder.close();
  }
}

/** A dictionary judged on given tokens, all together and by class. */
export const check: Check = async ({ spec, load }) => {
  const { sae: shape, classes, inputs: file } = Spec.parse(spec);
  const inputs = await load(file);
  const tensor = (name: string): SafeTensor => {
    const found = inputs.get(name);
    if (!found) throw new Error(`${file} has no tensor ${name}`);
    return found;
  };
  const read = (name: string) => toNumbers(tensor(name), Float32Array);
  const [d, n] = tensor('W_enc').shape as [number, number];
  const mask = read('mask');
  const kept = Array.from(mask).flatMap((m, t) => (m ? [t] : []));
  const x = new Float32Array(kept.length * d);
  const given = read('x');
  for (const [i, t] of kept.entries()) x.set(given.subarray(t * d, (t + 1) * d), i * d);
  const sae: Sae = {
    ...{ d, n, activation: shape.activation, scale: shape.scale, applyBDec: shape.apply_b_dec },
    ...(shape.k === undefined ? {} : { k: shape.k }),
    ...{ wEnc: read('W_enc'), bEnc: read('b_enc'), wDec: read('W_dec'), bDec: read('b_dec') },
    ...(inputs.has('threshold') ? { threshold: read('threshold') } : {}),
  };
  const f = await encode(sae, x, kept.length);
  const all = { d, n, u: prepare(sae, x).u, uHat: decodeScaled(sae, f), f };
  const classOf = read('class');
  const edges = toNumbers(tensor('edges'), Float64Array);
  const answers = new Map<string, Answer>();
  for (const [g, name] of ['all', ...classes].entries()) {
    const members = kept.flatMap((t, i) => (g === 0 || classOf[t] === g - 1 ? [i] : []));
    const m = measure(all, members, edges);
    const one = {
      tokens: m.tokens,
      fvu: m.fvu,
      explained_variance: 1 - m.fvu,
      l0: m.l0,
      dead_fraction: m.deadFraction,
    };
    const single = { ...one, explained_variance_legacy: m.explainedVarianceLegacy };
    for (const [field, value] of Object.entries(single)) answers.set(`${name}.${field}`, { shape: [1], data: [value] });
    const many = { frequency: m.frequency, mean: m.mean, mean_active: m.meanActive, max: m.max };
    for (const [field, data] of Object.entries(many)) answers.set(`${name}.${field}`, { shape: [n], data });
    answers.set(`${name}.histogram`, { shape: [n, edges.length - 1], data: m.histogram });
    if (!inputs.has('ce.clean')) continue;
    const mean = (from: string) => {
      const values = toNumbers(tensor(from), Float64Array);
      return members.reduce((sum, i) => sum + values[kept[i]!]!, 0) / members.length;
    };
    const recovered = lossRecovered(mean('ce.clean'), mean('ce.spliced'), mean('ce.ablated'));
    answers.set(`${name}.loss_recovered`, { shape: [1], data: [recovered] });
  }
  return { answers };
};
