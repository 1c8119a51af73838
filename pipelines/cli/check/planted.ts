import { z } from 'zod';
import { encodeRows, fractionUnexplained } from '#pipelines/diff/encode.ts';
import { procrustesCosines, rowCosines } from '#pipelines/diff/geometry.ts';
import { visionPreference } from '#pipelines/diff/preference.ts';
import { multiplicities, precisionRecall } from '#pipelines/diff/statistics/index.ts';
import { firingOf, firingRows } from '#pipelines/spatial/firing.ts';
import { choose, passesLexical, type Rules } from '#pipelines/spatial/select.ts';
import { firingTables } from '#pipelines/spatial/tables.ts';
import type { Answer, Check } from './case.ts';
import { countSamples, gather, Inputs, keptRows, SaeSpec, saeOf, sumsOf } from './world.ts';

const Required = z.object({ precision: z.number(), recall: z.number() });
const Spec = z.object({
  inputs: z.string(),
  sae: SaeSpec,
  rules: z.object({
    rotated_below: z.number(),
    fires_above: z.number(),
    odds_ratio: z.number(),
    risk_difference: z.number(),
    q: z.number(),
    generic_rate: z.number(),
    word_share: z.number(),
  }),
  require: z.record(z.string(), Required),
});
type Spec = z.infer<typeof Spec>;

/** Confidence of the preference interval that a vision feature must have above 0.5. */
const CONFIDENCE = 0.95;
const mask = (n: number, is: (i: number) => boolean): Uint8Array => Uint8Array.from({ length: n }, (_, i) => +is(i));

/** How far a found set falls short of the precision and recall required; 0 passes. */
const shortfall =
  ({ precision, recall }: z.infer<typeof Required>) =>
  (got: Answer, expected: Answer) => {
    const reached = precisionRecall(got.data, expected.data);
    return { error: Math.max(0, precision - reached.precision, recall - reached.recall), tolerance: 0 };
  };

/** Golden kind `planted`: the sets of a synthetic model diff, found by the analysis that a run uses. */
export const check: Check = async (golden) => {
  const spec: Spec = Spec.parse(golden.spec);
  const inputs = new Inputs(await golden.load(spec.inputs));
  const base = saeOf(inputs, 'S', spec.sae);
  const tuned = saeOf(inputs, 'F', spec.sae);
  const { n, d } = tuned;
  const { rules: r } = spec;

  const split = inputs.numbers('split');
  const stream = (names: readonly string[], samples = split.length) => {
    const numbers = (field: string) => names.flatMap((name) => Array.from(inputs.numbers(`${name}.${field}`)));
    const kept = keptRows(numbers('sample'), undefined, numbers('class'));
    const x = Float32Array.from(names.flatMap((name) => Array.from(inputs.floats(`${name}.x`))));
    const rows = gather(x, d, kept);
    return sumsOf(encodeRows(tuned, rows), kept, n, Math.max(samples, countSamples(kept.sample)), r.fires_above);
  };
  const resampled = (names: readonly string[], boot: string) => {
    const rounds = inputs.shape(boot)[0]!;
    const index = inputs.numbers(boot);
    const sums = stream(names, countSamples(index));
    return { sums, multiplicity: multiplicities(index, rounds, sums.samples), rounds };
  };

  const rotation = procrustesCosines(base.wDec, tuned.wDec, d);
  const second = inputs.floats('F2.W_dec');
  const rotation2 = procrustesCosines(base.wDec, second, d);
  const seeds = rowCosines(tuned.wDec, second, d);
  const vision = resampled(['spatial', 'matched'], 'boot.vision');
  const preference = visionPreference(vision, resampled(['text'], 'boot.text'), vision.rounds, CONFIDENCE);

  const [spatial, matched, generic, word] = ['spatial', 'matched', 'generic', 'word'].map((name) => stream([name]));
  const half = (sums: typeof spatial, side: 0 | 1) =>
    firingOf(firingRows(sums!), r.fires_above, (s) => split[s] === side);
  const rules: Rules = {
    oddsRatio: r.odds_ratio,
    riskDifference: r.risk_difference,
    q: r.q,
    genericRate: r.generic_rate,
    wordShare: r.word_share,
  };
  const { chosen } = choose(firingTables(half(spatial, 0), half(matched, 0)), rules);
  const passes = passesLexical({ spatial: half(spatial, 0), generic: half(generic, 0), word: half(word, 0) }, rules);
  const heldout = firingTables(half(spatial, 1), half(matched, 1));

  const spatialX = inputs.floats('spatial.x');
  const baseX = inputs.floats('base.x');
  const answers: Record<string, ArrayLike<number>> = {
    rotated: mask(
      n,
      (i) => rotation[i]! < r.rotated_below && rotation2[i]! < r.rotated_below && seeds[i]! >= r.rotated_below,
    ),
    vision: mask(n, (i) => preference.low[i]! > 0.5),
    spatial: mask(n, (i) => chosen[i] === 1 && passes[i] === 1),
    decoys: mask(n, (i) => chosen[i] === 1 && passes[i] === 0),
    'fvu.S.base': [fractionUnexplained(base, baseX, encodeRows(base, baseX))],
    'fvu.F.spatial': [fractionUnexplained(tuned, spatialX, encodeRows(tuned, spatialX))],
    'heldout.risk_difference': heldout.map((t) => t.riskDifference),
  };
  return {
    answers: new Map(Object.entries(answers).map(([name, data]) => [name, { shape: [data.length], data }])),
    judge: Object.fromEntries(Object.entries(spec.require).map(([name, required]) => [name, shortfall(required)])),
  };
};
