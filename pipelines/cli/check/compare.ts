import type { Answer, Result } from './case.ts';

/** How one tensor of a case came out; `error` is infinite where it cannot be compared, and `why` says so. */
export interface Verdict {
  readonly tensor: string;
  readonly error: number;
  readonly tolerance: number;
  readonly why?: string;
}

export interface Tolerance {
  readonly tolerance: number;
  readonly tolerances: Readonly<Record<string, number>>;
}

/** Smallest scale that an error is held against. */
const FLOOR = 1e-6;

/** `max|got - expected| / max(max|expected|, 1e-6)`; infinite where a value is not a number. Equal infinities agree. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = FLOOR;
  for (let i = 0; i < expected.length; i += 1) {
    const g = got[i]!;
    const e = expected[i]!;
    if (Number.isNaN(g) || Number.isNaN(e)) return Number.POSITIVE_INFINITY;
    if (g !== e) difference = Math.max(difference, Math.abs(g - e));
    if (Number.isFinite(e)) scale = Math.max(scale, Math.abs(e));
  }
  return difference / scale;
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((x, i) => x === b[i]);
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Holds one computed tensor against the expected one. */
export function compareTensor(
  name: string,
  got: Answer | undefined,
  expected: Answer,
  { tolerance, tolerances }: Tolerance,
  { select = (_, tensor) => tensor, judge }: Omit<Result, 'answers'> = {},
): Verdict {
  const limit = Object.hasOwn(tolerances, name) ? tolerances[name]! : tolerance;
  const fails = (why: string): Verdict => ({ tensor: name, error: Number.POSITIVE_INFINITY, tolerance: limit, why });
  if (!got) return fails('missing');
  if (!sameShape(got.shape, expected.shape))
    return fails(`shape [${got.shape.join(',')}], expected [${expected.shape.join(',')}]`);
  if (got.data.length !== sizeOf(got.shape))
    return fails(`${got.data.length} values for shape [${got.shape.join(',')}]`);
  if (judge && Object.hasOwn(judge, name)) {
    const judged = judge[name]!(got, expected);
    return Number.isNaN(judged.error) ? fails('NaN') : { tensor: name, ...judged };
  }
  const error = relativeError(select(name, got).data, select(name, expected).data);
  return {
    tensor: name,
    error,
    tolerance: limit,
    ...(error === Number.POSITIVE_INFINITY ? { why: 'not finite' } : {}),
  };
}

export const passes = (verdict: Verdict): boolean => verdict.error <= verdict.tolerance;

/** The verdict that decides a case: the largest error in units of its tolerance. */
export function worst(verdicts: readonly Verdict[]): Verdict | undefined {
  const ratio = ({ error, tolerance }: Verdict) => (error === 0 ? 0 : error / tolerance);
  return verdicts.reduce<Verdict | undefined>((a, b) => (a === undefined || ratio(b) > ratio(a) ? b : a), undefined);
}
