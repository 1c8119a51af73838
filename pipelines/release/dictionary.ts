import { f32Tensor, type SafeTensor, writeSafetensors } from './safetensors.ts';

/** A dictionary as a release takes it; the `Sae` of the pipelines fits. Row-major. */
export interface DictionaryInput {
  readonly d: number;
  readonly n: number;
  readonly activation: string;
  readonly k?: number;
  /** Factor on the input before everything else. */
  readonly scale: number;
  readonly applyBDec: boolean;
  readonly wEnc: Float32Array; // [d, n]
  readonly bEnc: Float32Array; // [n]
  readonly wDec: Float32Array; // [n, d]
  readonly bDec: Float32Array; // [d]
  readonly threshold?: Float32Array;
}

/** The encoder with one row a feature: `[n, d]`. */
export function encoderRows({ d, n, wEnc }: DictionaryInput): Float32Array {
  const rows = new Float32Array(n * d);
  for (let j = 0; j < d; j += 1) for (let i = 0; i < n; i += 1) rows[i * d + j] = wEnc[j * n + i]!;
  return rows;
}

/**
 * `dictionary/L<ll>.safetensors`: for each stage `<stage>.W_enc [d, n]`, `<stage>.b_enc [n]`, `<stage>.W_dec [n, d]`,
 * `<stage>.b_dec [d]` and, where there is one, `<stage>.threshold`; metadata gives activation, k and input scale by stage.
 */
export function encodeDictionaries(stages: ReadonlyMap<string, DictionaryInput>): Uint8Array {
  const tensors = new Map<string, SafeTensor>();
  const metadata: Record<string, string> = {};
  for (const [stage, sae] of stages) {
    tensors.set(`${stage}.W_enc`, f32Tensor(sae.wEnc, [sae.d, sae.n]));
    tensors.set(`${stage}.b_enc`, f32Tensor(sae.bEnc, [sae.n]));
    tensors.set(`${stage}.W_dec`, f32Tensor(sae.wDec, [sae.n, sae.d]));
    tensors.set(`${stage}.b_dec`, f32Tensor(sae.bDec, [sae.d]));
    if (sae.threshold) tensors.set(`${stage}.threshold`, f32Tensor(sae.threshold, [sae.threshold.length]));
    metadata[`${stage}.activation`] = sae.activation;
    metadata[`${stage}.k`] = sae.k === undefined ? '' : String(sae.k);
    metadata[`${stage}.scale`] = String(sae.scale);
    metadata[`${stage}.apply_b_dec`] = String(sae.applyBDec);
  }
  return writeSafetensors(tensors, metadata);
}
