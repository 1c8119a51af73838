import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSafetensors, toNumbers } from '#release/safetensors.ts';
import { TraceFile } from './files.ts';

/**
 * One traced feature: per-sample effects `[samples, layers * heads]` and exact patches by head. Every sample's effects are turned so
 * that positive means "towards the corrupt run's value": a minimal pair raises a feature in one sample and lowers it in the next, and
 * a mean of bare signs would cancel what the head does.
 */
export interface TracedFeature {
  readonly layer: number;
  readonly feature: number;
  readonly kind: 'spatial' | 'random';
  readonly samples: number;
  /** Heads at or below the layer: `(layer + 1) * heads`, index = layer * heads + head. */
  readonly width: number;
  readonly clean: Float32Array;
  readonly corrupt: Float32Array;
  readonly absolute: Float32Array;
  readonly direct: Float32Array;
  /** Noising of queries and keys alone, where the run estimated them. */
  readonly queries?: Float32Array;
  readonly keys?: Float32Array;
  /** Exact noising effect by head index, `[verified]` samples each. */
  readonly exact: ReadonlyMap<number, Float32Array>;
}

/** Reads the folders of `heads/trace`, one a layer. */
export async function readTraces(folders: readonly string[]): Promise<TracedFeature[]> {
  const out: TracedFeature[] = [];
  for (const folder of folders) {
    const file = TraceFile.parse(JSON.parse(await readFile(join(folder, 'trace.json'), 'utf8')));
    const tensors = parseSafetensors(await readFile(join(folder, 'trace.safetensors')));
    const array = (name: string) => toNumbers(tensors.get(name)!, Float32Array);
    const arrays = {
      clean: array('clean'),
      corrupt: array('corrupt'),
      absolute: array('absolute'),
      direct: array('direct'),
    };
    const exact = array('exact');
    const width = (file.layer + 1) * file.heads;
    const size = file.samples * width;
    const [metricClean, metricCorrupt] = [array('metricClean'), array('metricCorrupt')];
    const part = (a: Float32Array, k: number) => a.subarray(k * size, (k + 1) * size);
    file.features.forEach(({ feature, kind }, k) => {
      const sign = Float32Array.from({ length: file.samples }, (_, s) =>
        Math.sign(metricCorrupt[k * file.samples + s]! - metricClean[k * file.samples + s]!),
      );
      const turned = (a: Float32Array) => part(a, k).map((x, i) => x * sign[Math.floor(i / width)]!);
      out.push({
        layer: file.layer,
        feature,
        kind,
        samples: file.samples,
        width,
        clean: turned(arrays.clean),
        corrupt: turned(arrays.corrupt),
        absolute: part(arrays.absolute, k),
        direct: turned(arrays.direct),
        ...(file.estimator === 'atp*' ? { queries: turned(array('queries')), keys: turned(array('keys')) } : {}),
        exact: new Map(
          file.patched.map((p, h) => {
            const from = (h * file.features.length + k) * file.verified;
            return [p.layer * file.heads + p.head, exact.slice(from, from + file.verified).map((x, s) => x * sign[s]!)];
          }),
        ),
      });
    });
  }
  return out;
}

/** One head's column of a `[samples, width]` array. */
export const column = (a: Float32Array, samples: number, width: number, head: number): Float64Array =>
  Float64Array.from({ length: samples }, (_, s) => a[s * width + head]!);

/** Mean over samples of every head's estimate, `[width]`. */
export const meanByHead = (t: TracedFeature): Float64Array => weightedMean(t.clean, t.samples, t.width);

/** Mean over rows of `[samples, width]`, each row times its weight where given. */
export function weightedMean(
  a: ArrayLike<number>,
  samples: number,
  width: number,
  weights?: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(width);
  for (let s = 0; s < samples; s += 1) {
    const w = (weights ? weights[s]! : 1) / samples;
    if (w !== 0) for (let h = 0; h < width; h += 1) out[h]! += w * a[s * width + h]!;
  }
  return out;
}

/**
 * The best known effects on the samples that were patched, `[samples, width]`: exact where the head was patched, else its estimate
 * on the same samples.
 */
export function bestEffects(t: TracedFeature): { readonly samples: number; readonly effects: Float64Array } {
  const samples = Math.max(0, ...[...t.exact.values()].map((e) => e.length)) || t.samples;
  const effects = Float64Array.from(t.clean.subarray(0, samples * t.width));
  for (const [h, exact] of t.exact)
    exact.forEach((e, s) => {
      effects[s * t.width + h] = e;
    });
  return { samples, effects };
}
