import type { ActivationStore } from '#pipelines/activations/index.ts';
import { TOKEN_CLASS } from '#pipelines/models/types.ts';
import type { Estimate } from '#release/schema/estimate.ts';
import type { QualityRow } from '#release/schema/quality.ts';
import { estimate, type Interval } from './bootstrap.ts';
import { decodeScaled } from './decode.ts';
import { createEncoder } from './encode.ts';
import { prepare } from './input.ts';
import { binOf } from './measure.ts';
import type { Sae } from './types.ts';

export const GROUPS = ['all', 'image', 'text'] as const;
export type Group = (typeof GROUPS)[number];

/** Rows held at a time. */
const CHUNK = 4096;

/** A feature is dense where it fires on more than this share of the tokens. */
export const DENSE = 0.1;

/** Edges of the histogram of features by the base-10 logarithm of their frequency. */
export const LOG_FREQUENCY = Array.from({ length: 13 }, (_, i) => -6 + i / 2);

/** Sums over the tokens of one class, `[samples]`, and firing counts `[n]`. */
export interface GroupSums {
  readonly tokens: Float64Array;
  readonly left: Float64Array;
  readonly spread: Float64Array;
  readonly entries: Float64Array;
  readonly fired: Float64Array;
}

const groupsOf = (tokenClass: number): Group[] => ['all', tokenClass === TOKEN_CLASS.image ? 'image' : 'text'];

async function* chunks(store: ActivationStore, layer: number) {
  for (let from = 0; from < store.meta.tokens; from += CHUNK) {
    const to = Math.min(store.meta.tokens, from + CHUNK);
    yield { from, to, x: await store.rows(layer, from, to) };
  }
}

/** Mean of `u` over each class, `[d]`. */
async function centres(sae: Sae, store: ActivationStore, layer: number): Promise<Record<Group, Float64Array>> {
  const { d } = sae;
  const sums = { all: new Float64Array(d), image: new Float64Array(d), text: new Float64Array(d) };
  const counts = { all: 0, image: 0, text: 0 };
  for await (const { from, to, x } of chunks(store, layer)) {
    const { u } = prepare(sae, x);
    for (let row = from; row < to; row += 1)
      for (const group of groupsOf(store.table.class[row]!)) {
        counts[group] += 1;
        for (let i = 0; i < d; i += 1) sums[group][i]! += u[(row - from) * d + i]!;
      }
  }
  for (const group of GROUPS) for (let i = 0; i < d; i += 1) sums[group][i]! /= Math.max(1, counts[group]);
  return sums;
}

/** Runs a dictionary over a whole store, twice: for the means, then for the sums around them. */
export async function sumQuality(sae: Sae, store: ActivationStore, layer: number): Promise<Record<Group, GroupSums>> {
  const { d, n } = sae;
  const samples = store.meta.samples.length;
  const empty = (): GroupSums => ({
    ...{ tokens: new Float64Array(samples), left: new Float64Array(samples), spread: new Float64Array(samples) },
    ...{ entries: new Float64Array(samples), fired: new Float64Array(n) },
  });
  const sums = { all: empty(), image: empty(), text: empty() };
  const centre = await centres(sae, store, layer);
  const encoder = await createEncoder(sae);
  try {
    for await (const { from, to, x } of chunks(store, layer)) {
      const { u } = prepare(sae, x);
      const f = await encoder.encodeSparse(x, to - from);
      const uHat = decodeScaled(sae, f);
      for (let row = from; row < to; row += 1) {
        const t = row - from;
        const sample = store.table.sample[row]!;
        let left = 0;
        for (let j = t * d; j < (t + 1) * d; j += 1) left += (u[j]! - uHat[j]!) ** 2;
        for (const group of groupsOf(store.table.class[row]!)) {
          const sum = sums[group];
          let spread = 0;
          for (let i = 0; i < d; i += 1) spread += (u[t * d + i]! - centre[group][i]!) ** 2;
          sum.tokens[sample]! += 1;
          sum.left[sample]! += left;
          sum.spread[sample]! += spread;
          sum.entries[sample]! += f.offsets[t + 1]! - f.offsets[t]!;
          for (let e = f.offsets[t]!; e < f.offsets[t + 1]!; e += 1) sum.fired[f.index[e]!]! += 1;
        }
      }
    }
  } finally {
    await encoder.close();
  }
  return sums;
}

/** Counts of features between the edges of `LOG_FREQUENCY`; features that never fire are not in it. */
function frequencyHistogram(fired: Float64Array, tokens: number): { edges: number[]; counts: number[] } {
  const counts = new Array<number>(LOG_FREQUENCY.length - 1).fill(0);
  for (const count of fired) {
    const bin = count > 0 ? binOf(Math.log10(count / tokens), LOG_FREQUENCY) : -1;
    if (bin >= 0) counts[bin]! += 1;
  }
  return { edges: LOG_FREQUENCY, counts };
}

export interface RowContext extends Interval {
  readonly stage: string;
  readonly layer: number;
  readonly stream: string;
  /** Loss recovered by class, where it was measured. */
  readonly loss?: Readonly<Partial<Record<Group, LossFigures | undefined>>>;
}

/** Mean cross-entropies of the next token, in nats, and what the reconstruction recovers of the zero ablation's damage. */
export interface LossFigures {
  readonly recovered: Estimate;
  readonly clean: number;
  readonly spliced: number;
  readonly zero: number;
  readonly mean: number;
}

/** Quality rows of one dictionary on one stream, a row for each class that has tokens. */
export function qualityRows(sums: Record<Group, GroupSums>, context: RowContext): QualityRow[] {
  const { stage, layer, stream, loss } = context;
  return GROUPS.flatMap((group): QualityRow[] => {
    const { tokens, left, spread, entries, fired } = sums[group];
    const total = tokens.reduce((a, b) => a + b, 0);
    if (total === 0) return [];
    const ratio = (a: Float64Array, b: Float64Array) => estimate([a, b], tokens, (x, y) => x / y, context);
    const fvu = ratio(left, spread);
    const flip = (v: number | null) => (v === null ? null : 1 - v);
    const ours = loss?.[group];
    return [
      {
        stage,
        layer,
        stream,
        token_class: group,
        fvu,
        explained_variance: { value: 1 - fvu.value, low: flip(fvu.high), high: flip(fvu.low), n: fvu.n },
        l0: ratio(entries, tokens),
        dead_fraction: fired.filter((c) => c === 0).length / fired.length,
        dense_fraction: fired.filter((c) => c > DENSE * total).length / fired.length,
        loss_recovered: ours?.recovered ?? null,
        ...(ours
          ? { cross_entropy: { clean: ours.clean, spliced: ours.spliced, zero: ours.zero, mean: ours.mean } }
          : {}),
        frequency: frequencyHistogram(fired, total),
        tokens: total,
      },
    ];
  });
}
