import { ParallaxError } from '#pipelines/config/errors.ts';
import { percentileInterval } from './statistics/index.ts';
import { entryOf, type SampleSums, tokensOf } from './sums.ts';

/** Mean of f^2 over the kept tokens of a class (or all), `[n]`. A stream without such a token is an error. */
export function energy(sums: SampleSums, c?: number): Float64Array {
  const tokens = tokensOf(sums, c).reduce((a, b) => a + b, 0);
  if (tokens === 0)
    throw new ParallaxError('energy: the stream has no token of the class', 'give a stream that has such tokens');
  const total = new Float64Array(sums.n);
  for (let e = 0; e < sums.feature.length; e += 1) total[sums.feature[e]!]! += entryOf(sums.square, e, c);
  return total.map((x) => x / tokens);
}

/** Vision preference `E_v / (E_v + E_t)`; 0.5, no preference, where the feature is silent in both streams. */
export const preferenceOf = (vision: number, text: number): number =>
  vision + text === 0 ? 0.5 : vision / (vision + text);

/** Energies of resampled streams, `[n, rounds]`: `sum_j A_j / sum_j N_j` over the samples drawn. */
function resampledEnergy(sums: SampleSums, multiplicity: Float64Array, rounds: number): Float64Array {
  const { n, samples, offsets, feature } = sums;
  const tokens = tokensOf(sums);
  const energies = new Float64Array(n * rounds);
  const weight = new Float64Array(rounds);
  const kept = new Float64Array(rounds);
  for (let s = 0; s < samples; s += 1) {
    for (let r = 0; r < rounds; r += 1) {
      weight[r] = multiplicity[r * samples + s]!;
      kept[r]! += weight[r]! * tokens[s]!;
    }
    for (let e = offsets[s]!; e < offsets[s + 1]!; e += 1) {
      const square = entryOf(sums.square, e);
      const from = feature[e]! * rounds;
      for (let r = 0; r < rounds; r += 1) energies[from + r]! += weight[r]! * square;
    }
  }
  for (let i = 0; i < energies.length; i += 1) {
    const count = kept[i % rounds]!;
    energies[i] = count === 0 ? 0 : energies[i]! / count;
  }
  return energies;
}

export interface Preference {
  /** `[n]` each */
  readonly value: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** A stream and how often each bootstrap round draws each of its samples, `[rounds, samples]`. */
export interface ResampledStream {
  readonly sums: SampleSums;
  readonly multiplicity: Float64Array;
}

/** Vision preference of every feature with its percentile interval, bootstrapped over samples. */
export function visionPreference(
  vision: ResampledStream,
  text: ResampledStream,
  rounds: number,
  confidence: number,
): Preference {
  const ev = energy(vision.sums);
  const et = energy(text.sums);
  const bv = resampledEnergy(vision.sums, vision.multiplicity, rounds);
  const bt = resampledEnergy(text.sums, text.multiplicity, rounds);
  const value = ev.map((x, i) => preferenceOf(x, et[i]!));
  const low = new Float64Array(value.length);
  const high = new Float64Array(value.length);
  const replicates = new Float64Array(rounds);
  for (let i = 0; i < value.length; i += 1) {
    for (let r = 0; r < rounds; r += 1) replicates[r] = preferenceOf(bv[i * rounds + r]!, bt[i * rounds + r]!);
    const interval = percentileInterval(replicates, confidence);
    low[i] = interval.low;
    high[i] = interval.high;
  }
  return { value, low, high };
}
