import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { openDecoder } from '#graph/decoder.ts';
import { ARRAY, type ElementType, type Tensor } from '#graph/tensor.ts';
import type { Decoder, DecoderInputs, Intervention, Site } from '#graph/types.ts';
import { type SafeTensor, type SafetensorsType, toNumbers } from '#release/safetensors.ts';
import type { Answer, Check, GoldenCase, Result } from './case.ts';

export const TapsSpec = z.object({
  model: z.string(),
  inputs: z.string(),
  expected: z.string(),
  compare: z.object({ mask: z.string() }).optional(),
});

/** How a stored type is handed to the engine, whose tensors of that type hold the same bits. */
const TYPES: Partial<Record<SafetensorsType, ElementType>> = {
  F32: 'float32',
  F64: 'float64',
  F16: 'float16',
  I64: 'int64',
  I32: 'int32',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

/** A stored tensor as the engine takes it; bfloat16 and 16-bit integers become float32. */
export function engineTensor(stored: SafeTensor): Tensor {
  const type = TYPES[stored.dtype];
  if (!type) return { type: 'float32', dims: stored.shape, data: toNumbers(stored, Float32Array) };
  return { type, dims: stored.shape, data: new ARRAY[type](new Uint8Array(stored.bytes).buffer) };
}

/** Path of a case's model. */
export const modelPath = (golden: GoldenCase, model: string): string =>
  isAbsolute(model) ? model : join(golden.dir, model);

/** The tensors of a case's `inputs` that are the graph's, as decoder inputs, and all of them by name. */
export async function loadInputs(golden: GoldenCase, file: string) {
  const stored = await golden.load(file);
  return new Map([...stored].map(([name, tensor]) => [name, engineTensor(tensor)]));
}

/** Keeps the positions whose mask is 1: positions of a stream, queries of a pattern. */
export function selectByMask(mask: Tensor): NonNullable<Result['select']> {
  const [batch, columns] = mask.dims as [number, number];
  return (name, { shape, data }) => {
    const pattern = name.endsWith('hook_pattern');
    const axis = pattern ? 2 : 1;
    const pos = shape[axis]!;
    const outer = pattern ? shape[1]! : 1;
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const kept: number[] = [];
    for (let b = 0; b < batch; b += 1)
      for (let h = 0; h < outer; h += 1)
        for (let p = 0; p < pos; p += 1) {
          if (!Number(mask.data[b * columns + columns - pos + p])) continue;
          const from = ((b * outer + h) * pos + p) * inner;
          for (let i = 0; i < inner; i += 1) kept.push(data[from + i]!);
        }
    return { shape: [kept.length], data: kept };
  };
}

export interface TapsRun {
  readonly golden: GoldenCase;
  readonly spec: z.infer<typeof TapsSpec>;
  /** Interventions of the case, made with the tensors of its inputs. */
  readonly interventions?: (tensors: ReadonlyMap<string, Tensor>) => readonly Intervention[];
}

/** Runs a case's model once and gives every site that its expected tensors name. */
export async function runTaps({ golden, spec, interventions }: TapsRun): Promise<Result> {
  const tensors = await loadInputs(golden, spec.inputs);
  const taps: Site[] = [...(await golden.load(spec.expected)).keys()];
  const decoder: Decoder = await openDecoder(modelPath(golden, spec.model));
  try {
    const names = new Set(decoder.inputNames);
    const given: DecoderInputs = Object.fromEntries([...tensors].filter(([name]) => names.has(name)));
    const values = await decoder.run(given, { taps, interventions: interventions?.(tensors) ?? [] });
    const answers = new Map<string, Answer>(taps.map((s) => [s, { shape: values[s]!.dims, data: values[s]!.data }]));
    const mask = spec.compare && tensors.get(spec.compare.mask);
    if (spec.compare && !mask) throw new Error(`compare.mask "${spec.compare.mask}" is not in ${spec.inputs}`);
    return { answers, ...(mask ? { select: selectByMask(mask) } : {}) };
  } finally {
    await decoder.close();
  }
}

/** `taps`: values of sites in one forward pass. */
export const check: Check = (golden) => runTaps({ golden, spec: TapsSpec.parse(golden.spec) });
