import { z } from 'zod';
import type { SparseFeatures } from '#pipelines/diff/features.ts';
import { SampleAccumulator, type SampleSums } from '#pipelines/diff/sums.ts';
import type { Sae } from '#pipelines/sae/types.ts';
import { type SafeTensor, toNumbers } from '#release/safetensors.ts';

/** `sae` of a golden case. */
export const SaeSpec = z.object({
  activation: z.enum(['relu', 'topk', 'batchtopk', 'jumprelu']),
  k: z.int().positive().optional(),
  scale: z.number().positive(),
  apply_b_dec: z.boolean(),
});

/** Tensors of a case by name, with errors that name what is missing. */
export class Inputs {
  readonly #tensors: ReadonlyMap<string, SafeTensor>;
  constructor(tensors: ReadonlyMap<string, SafeTensor>) {
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  tensor(name: string): SafeTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new Error(`inputs: the tensor "${name}" is missing`);
    return tensor;
  }

  shape(name: string): readonly number[] {
    return this.tensor(name).shape;
  }

  numbers(name: string): Float64Array {
    return toNumbers(this.tensor(name), Float64Array);
  }

  /** Slice `layer` of a tensor whose first axis is the layer; the whole tensor where there is none. */
  floats(name: string, layer?: number): Float32Array {
    const all = toNumbers(this.tensor(name), Float32Array);
    if (layer === undefined) return all;
    const size = all.length / this.shape(name)[0]!;
    return all.subarray(layer * size, (layer + 1) * size);
  }
}

/** The dictionary of a stage, of one layer where tensors have a layer axis. */
export function saeOf(inputs: Inputs, stage: string, spec: z.infer<typeof SaeSpec>, layer?: number): Sae {
  const [n, d] = inputs.shape(`${stage}.W_dec`).slice(-2) as [number, number];
  return {
    n,
    d,
    activation: spec.activation,
    ...(spec.k === undefined ? {} : { k: spec.k }),
    scale: spec.scale,
    applyBDec: spec.apply_b_dec,
    wEnc: inputs.floats(`${stage}.W_enc`, layer),
    bEnc: inputs.floats(`${stage}.b_enc`, layer),
    wDec: inputs.floats(`${stage}.W_dec`, layer),
    bDec: inputs.floats(`${stage}.b_dec`, layer),
    ...(inputs.has(`${stage}.threshold`) ? { threshold: inputs.floats(`${stage}.threshold`, layer) } : {}),
  };
}

/** One more than the largest sample id that occurs. */
export const countSamples = (...ids: readonly ArrayLike<number>[]): number => {
  let count = 0;
  for (const list of ids) for (let i = 0; i < list.length; i += 1) count = Math.max(count, 1 + list[i]!);
  return count;
};

/** Rows of a stream that are kept, ordered by sample. */
export interface Kept {
  readonly rows: readonly number[];
  readonly sample: readonly number[];
  readonly classes: readonly number[];
}

export function keptRows(sample: ArrayLike<number>, mask?: ArrayLike<number>, classes?: ArrayLike<number>): Kept {
  const rows = Array.from(sample, (_, i) => i)
    .filter((i) => !mask || mask[i] === 1)
    .sort((a, b) => sample[a]! - sample[b]! || a - b);
  return { rows, sample: rows.map((i) => sample[i]!), classes: rows.map((i) => classes?.[i] ?? 1) };
}

/** The kept rows of `x [*, d]`. */
export function gather(x: Float32Array, d: number, { rows }: Kept): Float32Array {
  const out = new Float32Array(rows.length * d);
  for (const [to, from] of rows.entries()) out.set(x.subarray(from * d, (from + 1) * d), to * d);
  return out;
}

/** Per-sample sums of kept rows. */
export function sumsOf(
  features: SparseFeatures,
  kept: Kept,
  n: number,
  samples: number,
  threshold?: number,
): SampleSums {
  const accumulator = new SampleAccumulator(n, samples, threshold);
  accumulator.add(features, kept.sample, kept.classes);
  return accumulator.finish();
}
