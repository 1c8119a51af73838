import { z } from 'zod';
import {
  aurocColumns,
  BOOTSTRAP_STATISTICS,
  type BootstrapStatistic,
  benjaminiHochberg,
  bootstrap,
  cohensD,
  entropy,
  gini,
  jaccard,
  newcombe,
  pearson,
  percentiles,
  pointBiserial,
  procrustes,
  procrustesResidual,
  smallestSets,
  spearman,
  tableStatistics,
  wilson,
} from '#pipelines/diff/statistics/index.ts';
import { toNumbers } from '#release/safetensors.ts';
import type { Answer, Check } from './case.ts';

const Row = z.object({
  fn: z.string(),
  in: z.record(z.string(), z.string()),
  out: z.string(),
  confidence: z.number().default(0.95),
  statistic: z.enum(Object.keys(BOOTSTRAP_STATISTICS) as [BootstrapStatistic]).default('mean'),
  fractions: z.array(z.number()).default([0.5, 0.8, 0.9]),
  percentiles: z.array(z.number()).default([25, 50, 75]),
});
const Spec = z.object({ inputs: z.string(), compute: z.array(Row).min(1) });

type Options = z.infer<typeof Row>;
interface Input {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
type Arguments = (name: string) => Input;
type Fields = Record<string, Answer>;

const vector = (data: ArrayLike<number>): Answer => ({ shape: [data.length], data });
const scalar = (value: number): Answer => vector([value]);
/** One vector a field out of one record a row. */
function columns<T extends object>(rows: readonly T[], names: Readonly<Record<string, keyof T>>): Fields {
  return Object.fromEntries(
    Object.entries(names).map(([field, key]) => [field, vector(rows.map((row) => row[key] as number))]),
  );
}
const rowsOf = ({ shape, data }: Input): Float64Array[] => {
  const width = shape.at(-1) ?? 1;
  return Array.from({ length: width === 0 ? 0 : data.length / width }, (_, i) =>
    data.subarray(i * width, (i + 1) * width),
  );
};
const paired = (x: Input, y: Input): void => {
  if (x.data.length !== y.data.length) throw new Error(`two inputs of ${x.data.length} and ${y.data.length} values`);
};

/** Name of a statistic in a case -> its answer by field. */
const FUNCTIONS: Readonly<Record<string, (arg: Arguments, options: Options) => Fields>> = {
  table: (arg) =>
    columns(
      rowsOf(arg('table')).map((r) => tableStatistics({ a: r[0]!, b: r[1]!, c: r[2]!, d: r[3]! })),
      {
        odds_ratio: 'oddsRatio',
        log_odds_ratio: 'logOddsRatio',
        risk_difference: 'riskDifference',
        p: 'p',
        log10_p: 'log10P',
      },
    ),
  benjamini_hochberg: (arg) => ({ q: vector(benjaminiHochberg(arg('p').data)) }),
  auroc(arg) {
    const { shape, data } = arg('scores');
    return { auroc: vector(aurocColumns(data, shape[1] ?? 1, arg('labels').data)) };
  },
  pearson: (arg) => ({ r: scalar(pearson(arg('x').data, arg('y').data)) }),
  spearman: (arg) => ({ r: scalar(spearman(arg('x').data, arg('y').data)) }),
  point_biserial: (arg) => ({ r: scalar(pointBiserial(arg('x').data, arg('y').data)) }),
  wilson(arg, { confidence }) {
    const [k, n] = [arg('k'), arg('n')];
    paired(k, n);
    const rows = Array.from(k.data, (value, i) => wilson(value, n.data[i]!, confidence));
    return columns(rows, { low: 'low', high: 'high' });
  },
  newcombe(arg, { confidence }) {
    const [k1, n1, k2, n2] = [arg('k1'), arg('n1'), arg('k2'), arg('n2')];
    for (const other of [n1, k2, n2]) paired(k1, other);
    const rows = Array.from(k1.data, (k, i) => newcombe(k, n1.data[i]!, k2.data[i]!, n2.data[i]!, confidence));
    return columns(rows, { difference: 'difference', low: 'low', high: 'high' });
  },
  bootstrap(arg, options) {
    const index = arg('index');
    const second = 'y' in options.in ? { x: arg('y').data, index: arg('index_y').data } : undefined;
    const result = bootstrap({ x: arg('x').data, index: index.data }, second, {
      rounds: index.shape[0]!,
      statistic: options.statistic,
      confidence: options.confidence,
    });
    return columns([result], { point: 'point', low: 'low', high: 'high' });
  },
  procrustes(arg) {
    const [a, b] = [arg('a'), arg('b')];
    const d = a.shape[1]!;
    const rotation = procrustes(a.data, b.data, d);
    return {
      rotation: { shape: [d, d], data: rotation },
      residual: scalar(procrustesResidual(a.data, b.data, rotation, d)),
    };
  },
  cohens_d: (arg) => ({ d: scalar(cohensD(arg('x').data, arg('y').data)) }),
  jaccard: (arg) => ({ jaccard: scalar(jaccard(arg('a').data, arg('b').data)) }),
  concentration: (arg, { fractions }) => ({
    count: vector(smallestSets(arg('effects').data, fractions)),
    gini: scalar(gini(arg('effects').data)),
  }),
  entropy: (arg) => columns(rowsOf(arg('weights')).map(entropy), { entropy: 'entropy', normalised: 'normalised' }),
  percentile: (arg, options) => ({ value: vector(percentiles(arg('x').data, options.percentiles)) }),
};

/** Golden kind `stats`: the statistics named by the case, in double precision. */
export const check: Check = async (golden) => {
  const spec = Spec.parse(golden.spec);
  const tensors = await golden.load(spec.inputs);
  const answers = new Map<string, Answer>();
  for (const row of spec.compute) {
    const compute = Object.hasOwn(FUNCTIONS, row.fn) ? FUNCTIONS[row.fn] : undefined;
    if (!compute) throw new Error(`compute: unknown fn "${row.fn}" (known: ${Object.keys(FUNCTIONS).join(', ')})`);
    const arg: Arguments = (name) => {
      const tensor = tensors.get(row.in[name] ?? '');
      if (!tensor) throw new Error(`compute: ${row.fn} needs the input "${name}"`);
      return { shape: tensor.shape, data: toNumbers(tensor, Float64Array) };
    };
    for (const [field, answer] of Object.entries(compute(arg, row))) answers.set(`${row.out}.${field}`, answer);
  }
  return { answers };
};
