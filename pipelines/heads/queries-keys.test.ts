import { describe, expect, it } from 'vitest';
import { DECODER } from '#pipelines/diff/planted/decoder.ts';
import { PLANTED_FEATURE, plantedDictionary, plantedModel, plantedSample } from '#pipelines/diff/planted/model.ts';
import { featureMetric } from './direction.ts';
import { ESTIMATORS, type NodeEffects } from './queries-keys.ts';
import { readMask } from './trace.ts';

const SEED = 4;
const SAMPLES = 12;
const { layers, heads, dHead } = DECODER;
const LAYER = layers - 1;
const NODES = { queries: 'hook_q', keys: 'hook_k' } as const;

/** Effects of every head's queries or keys, `[samples, layers, heads]`: exact, linear (AtP), and with the softmax recomputed. */
async function effectsAt(sharpness: number) {
  const model = await plantedModel(SEED, { sharpness });
  const samples = Array.from({ length: SAMPLES }, (_, i) => plantedSample(SEED, i));
  const encode = (all: typeof samples) => Promise.all(all.map((s) => model.encode(s)));
  const clean = await encode(samples);
  const inputs = {
    clean: model.inputs(clean),
    // The things change places, which moves keys, and the question asks for the other thing, which moves queries.
    corrupt: model.inputs(
      await encode(samples.map((s, i) => ({ ...plantedSample(SEED, i, true), prompt: `where ${s.truth!.object} ?` }))),
    ),
  };
  const mask = readMask(clean, clean[0]!.ids.length);
  const metric = featureMetric(plantedDictionary(SEED), LAYER, [PLANTED_FEATURE], 'pre', mask);
  const sites = Array.from({ length: layers }, (_, l) =>
    Object.values(NODES).map((hook) => `blocks.${l}.attn.${hook}`),
  );
  const corrupt = await model.decoder.run(inputs.corrupt, { taps: sites.flat() });
  const { grads, values, metric: unpatched } = await model.decoder.gradient(inputs.clean, metric, sites.flat());
  const make = (): NodeEffects => ({
    queries: new Float32Array(SAMPLES * layers * heads),
    keys: new Float32Array(SAMPLES * layers * heads),
  });
  const [exact, linear] = [make(), make()];
  for (const node of Object.keys(NODES) as (keyof typeof NODES)[])
    for (let l = 0; l < layers; l += 1) {
      const at = `blocks.${l}.attn.${NODES[node]}`;
      const [x, other, g] = [values[at]!.data, corrupt[at]!, grads[at]!.data];
      for (let i = 0; i < x.length; i += 1) {
        const head = Math.floor(i / dHead) % heads;
        const sample = Math.floor(i / (x.length / SAMPLES));
        linear[node][(sample * layers + l) * heads + head]! += (other.data[i]! - x[i]!) * g[i]!;
      }
      for (let head = 0; head < heads; head += 1) {
        const own = other.data.filter((_, i) => Math.floor(i / dHead) % heads === head);
        const value = { ...other, dims: [SAMPLES, other.dims[1]!, dHead], data: own };
        const run = await model.decoder.run(inputs.clean, {
          taps: [metric.at],
          interventions: [{ at, op: 'set', head, value }],
        });
        const stream = run[metric.at]!;
        const [, pos = 0, d = 0] = stream.dims;
        for (let s = 0; s < SAMPLES; s += 1) {
          let m = 0;
          for (let t = 0; t < pos; t += 1)
            for (let j = 0; j < d; j += 1)
              m += mask.data[s * pos + t]! * stream.data[(s * pos + t) * d + j]! * metric.direction.data[j]!;
          m += metric.bias!.data[0]! * mask.data.subarray(s * pos, (s + 1) * pos).reduce((a, b) => a + b, 0);
          exact[node][(s * layers + l) * heads + head] = m - unpatched.data[s]!;
        }
      }
    }
  const recomputed = await ESTIMATORS['atp*'](model, metric, LAYER, inputs);
  await model.close();
  return { exact, linear, recomputed };
}

/** Summed absolute error of an estimate over the summed absolute effect. */
function errorOf(estimate: Float32Array, exact: Float32Array): number {
  let [off, size] = [0, 0];
  for (const [i, e] of exact.entries()) {
    off += Math.abs(estimate[i]! - e);
    size += Math.abs(e);
  }
  return off / size;
}

describe.each(['queries', 'keys'] as const)('AtP* of %s against exact patching', (node) => {
  it.each([4, 12])('is closer than the gradient where attention is saturated (scores times %i)', async (sharpness) => {
    const { exact, linear, recomputed } = await effectsAt(sharpness);
    const [star, plain] = [errorOf(recomputed[node], exact[node]), errorOf(linear[node], exact[node])];
    expect(star).toBeLessThan(0.2);
    expect(star).toBeLessThan(plain / 2);
  });
});
