import { f32, type Tensor } from '#graph/tensor.ts';
import type { DecoderInputs, HeadRef, Metric } from '#graph/types.ts';
import { type Encoded, TOKEN_CLASS, type TracedModel } from '#pipelines/models/types.ts';

/** Effects of every head up to a layer on K features, sample by sample: `[K, samples, layers, heads]`, row-major. */
export interface Trace {
  readonly features: number;
  readonly samples: number;
  readonly layers: number;
  readonly heads: number;
  /** `(z_corrupt - z_clean) . dm/dz |clean`: the estimated change when the head's z becomes the corrupt one. */
  readonly clean: Float32Array;
  /** `(z_clean - z_corrupt) . dm/dz |corrupt`: the estimated change when it is restored. */
  readonly corrupt: Float32Array;
  /** Mean over positions of the absolute estimate (what a signed sum lets cancel). */
  readonly absolute: Float32Array;
  /** Part of `clean` that goes straight into the stream, exact; NaN where the layer's write is not linear. */
  readonly direct: Float32Array;
  /** Metric of the clean and of the corrupt run, `[K, samples]`. */
  readonly metricClean: Float32Array;
  readonly metricCorrupt: Float32Array;
}

/** 1 at the text tokens after the image, `[batch, pos]`: where a feature is read. */
export function readMask(batch: readonly Encoded[], positions: number): Tensor<'float32'> {
  const mask = new Float32Array(batch.length * positions);
  batch.forEach((e, row) => {
    for (let t = e.afterImage; t < e.ids.length; t += 1)
      if (e.classes[t] === TOKEN_CLASS.text) mask[row * positions + t] = 1;
  });
  return f32(mask, [batch.length, positions]);
}

const zSite = (layer: number) => `blocks.${layer}.attn.hook_z`;

/**
 * Attribution patching both ways (Nanda 2023; Syed et al. 2310.10348) and the exact direct part, for one batch.
 * @param writes by layer, `[heads, dHead, dModel]` (`headWrites`), null where not linear
 */
export async function traceBatch(
  model: TracedModel,
  metricOf: (mask: Tensor<'float32'>) => Metric,
  layer: number,
  batch: { readonly clean: readonly Encoded[]; readonly corrupt: readonly Encoded[] },
  writes: readonly (Float32Array | null)[],
): Promise<Trace> {
  const { heads, dHead, dModel } = model.decoder.anatomy;
  const inputs = { clean: model.inputs(batch.clean), corrupt: model.inputs(batch.corrupt) };
  const positions = Math.max(...batch.clean.map((e) => e.ids.length));
  const metric = metricOf(readMask(batch.clean, positions));
  const sites = Array.from({ length: layer + 1 }, (_, l) => zSite(l));
  const a = await model.decoder.gradient(inputs.clean, metric, sites);
  const b = await model.decoder.gradient(inputs.corrupt, metric, sites);
  const features = metric.direction.dims[0]!;
  const samples = batch.clean.length;
  const make = () => new Float32Array(features * samples * (layer + 1) * heads);
  const out = { clean: make(), corrupt: make(), absolute: make(), direct: make() };
  for (let l = 0; l <= layer; l += 1) {
    const [z, zc] = [a.values[zSite(l)]!.data, b.values[zSite(l)]!.data];
    const [g, gc] = [a.grads[zSite(l)]!.data, b.grads[zSite(l)]!.data];
    const along = writes[l] ? writesAlong(writes[l]!, metric.direction.data, features, heads * dHead, dModel) : null;
    for (let k = 0; k < features; k += 1)
      for (let s = 0; s < samples; s += 1) {
        const length = batch.clean[s]!.ids.length;
        for (let h = 0; h < heads; h += 1) {
          let clean = 0;
          let corrupt = 0;
          let absolute = 0;
          let direct = along ? 0 : Number.NaN;
          for (let t = 0; t < length; t += 1) {
            const zAt = ((s * positions + t) * heads + h) * dHead;
            const gAt = (((k * samples + s) * positions + t) * heads + h) * dHead;
            let here = 0;
            let write = 0;
            for (let j = 0; j < dHead; j += 1) {
              const change = zc[zAt + j]! - z[zAt + j]!;
              here += change * g[gAt + j]!;
              corrupt -= change * gc[gAt + j]!;
              if (along) write += change * along[(k * heads + h) * dHead + j]!;
            }
            clean += here;
            absolute += Math.abs(here);
            direct += write * metric.mask.data[s * positions + t]!;
          }
          const at = ((k * samples + s) * (layer + 1) + l) * heads + h;
          out.clean[at] = clean;
          out.corrupt[at] = corrupt;
          out.absolute[at] = absolute / length;
          out.direct[at] = direct;
        }
      }
  }
  return {
    features,
    samples,
    layers: layer + 1,
    heads,
    ...out,
    metricClean: a.metric.data,
    metricCorrupt: b.metric.data,
  };
}

/** Each z unit's write along each direction: `[K, heads * dHead]`. */
function writesAlong(
  writes: Float32Array,
  direction: Float32Array,
  features: number,
  width: number,
  dModel: number,
): Float32Array {
  const out = new Float32Array(features * width);
  for (let k = 0; k < features; k += 1)
    for (let i = 0; i < width; i += 1) {
      let sum = 0;
      for (let j = 0; j < dModel; j += 1) sum += writes[i * dModel + j]! * direction[k * dModel + j]!;
      out[k * width + i] = sum;
    }
  return out;
}

/** Exact noising of heads on one batch: `[heads, K, samples]`, the true change when a head's z becomes the corrupt run's. */
export async function patchBatch(
  model: TracedModel,
  metricOf: (mask: Tensor<'float32'>) => Metric,
  refs: readonly HeadRef[],
  batch: { readonly clean: readonly Encoded[]; readonly corrupt: readonly Encoded[] },
): Promise<Float32Array> {
  const inputs: DecoderInputs = model.inputs(batch.clean);
  const positions = Math.max(...batch.clean.map((e) => e.ids.length));
  const sites = [...new Set(refs.map((r) => zSite(r.layer)))];
  const replacement = await model.decoder.run(model.inputs(batch.corrupt), { taps: sites });
  const effect = await model.decoder.patchHeads(inputs, metricOf(readMask(batch.clean, positions)), refs, replacement);
  return effect.data;
}
