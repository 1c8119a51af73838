import { z } from 'zod';
import { openTrainer, type TrainConfig, type TrainState } from '#pipelines/sae/index.ts';
import { type SafeTensor, toNumbers } from '#release/safetensors.ts';
import type { Answer, Check } from './case.ts';

const Spec = z.looseObject({
  sae: z.looseObject({
    activation: z.enum(['relu', 'topk', 'batchtopk', 'jumprelu']),
    k: z.number().positive().optional(),
    scale: z.number().default(1),
    apply_b_dec: z.boolean(),
    threshold_lr: z.number().optional(),
  }),
  loss: z
    .looseObject({
      l1: z.number().optional(),
      l0: z.object({ coefficient: z.number(), target: z.number(), bandwidth: z.number() }).optional(),
      aux: z.object({ coefficient: z.number(), k: z.int(), dead_after: z.number() }).optional(),
    })
    .default({}),
  adam: z.object({ lr: z.number(), betas: z.tuple([z.number(), z.number()]), eps: z.number() }),
  schedule: z
    .object({ warmup: z.number().default(0), decay: z.number().default(0), total: z.number().default(0) })
    .default({ warmup: 0, decay: 0, total: 0 }),
  decoder: z
    .object({ unit_norm: z.boolean().default(false), project_gradient: z.boolean().default(false) })
    .default({ unit_norm: false, project_gradient: false }),
  start_step: z.int().default(0),
  steps: z.int().min(1),
  inputs: z.string(),
});
type Spec = z.infer<typeof Spec>;

/** Names of parameters in a case -> ours. */
const NAMES = { W_enc: 'wEnc', b_enc: 'bEnc', W_dec: 'wDec', b_dec: 'bDec', log_threshold: 'logThreshold' } as const;

function configOf(spec: Spec, d: number, n: number): TrainConfig {
  const { sae, loss, adam, schedule, decoder } = spec;
  return {
    ...{ d, n, activation: sae.activation, scale: sae.scale, applyBDec: sae.apply_b_dec, adam, schedule },
    ...(sae.k === undefined ? {} : { k: sae.k }),
    ...(sae.threshold_lr === undefined ? {} : { thresholdLr: sae.threshold_lr }),
    loss: {
      ...(loss.l1 === undefined ? {} : { l1: loss.l1 }),
      ...(loss.l0 ? { l0: loss.l0 } : {}),
      ...(loss.aux ? { aux: { ...loss.aux, deadAfter: loss.aux.dead_after } } : {}),
    },
    decoder: { unitNorm: decoder.unit_norm, projectGradient: decoder.project_gradient },
  };
}

/** Some training steps on given tokens: parameters after the last, losses of each. */
export const check: Check = async ({ spec: raw, load }) => {
  const spec = Spec.parse(raw);
  const inputs = await load(spec.inputs);
  const tensor = (name: string): SafeTensor => {
    const found = inputs.get(name);
    if (!found) throw new Error(`${spec.inputs} has no tensor ${name}`);
    return found;
  };
  const numbers = (name: string) => toNumbers(tensor(name), Float32Array);
  const [d, n] = tensor('W_enc').shape as [number, number];
  const config = configOf(spec, d, n);
  const names = Object.entries(NAMES).filter(([name]) => name !== 'log_threshold' || config.activation === 'jumprelu');
  const group = (prefix: string) =>
    Object.fromEntries(
      names.map(([name, ours]) => [
        ours,
        inputs.has(prefix + name) ? numbers(prefix + name) : new Float32Array(numbers(name).length),
      ]),
    );
  for (const [name] of names) tensor(name);
  const start: TrainState = {
    step: spec.start_step,
    params: group(''),
    m: group('adam.m.'),
    v: group('adam.v.'),
    sinceFired: inputs.has('tokens_since_fired')
      ? toNumbers(tensor('tokens_since_fired'), Float64Array)
      : new Float64Array(n),
    threshold: inputs.has('threshold') ? toNumbers(tensor('threshold'), Float64Array)[0]! : 0,
  };
  const batch = tensor('x').shape[1]!;
  const x = numbers('x');
  const mask = inputs.has('mask') ? numbers('mask') : new Float32Array(spec.steps * batch).fill(1);
  const trainer = await openTrainer(config, start);
  const series: Record<'loss' | 'fvu' | 'l0' | 'aux', number[]> = { loss: [], fvu: [], l0: [], aux: [] };
  try {
    for (let s = 0; s < spec.steps; s += 1) {
      const outcome = await trainer.step(
        x.subarray(s * batch * d, (s + 1) * batch * d),
        mask.subarray(s * batch, (s + 1) * batch),
      );
      for (const name of ['loss', 'fvu', 'l0', 'aux'] as const) series[name].push(outcome[name]);
    }
    const state = trainer.state();
    const answers = new Map<string, Answer>();
    for (const [name, ours] of names) answers.set(name, { shape: tensor(name).shape, data: state.params[ours]! });
    for (const [name, data] of Object.entries(series)) answers.set(name, { shape: [spec.steps], data });
    answers.set('tokens_since_fired', { shape: [n], data: state.sinceFired });
    answers.set('threshold', { shape: [1], data: [state.threshold] });
    return { answers };
  } finally {
    await trainer.close();
  }
};
