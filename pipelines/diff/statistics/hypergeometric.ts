/**
 * Logarithm of hypergeometric probabilities without the cancellation of log-factorials:
 * Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000), saddle-point form.
 */
const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);

/** `log n! - log(sqrt(2 pi n) (n/e)^n)`, exact below 16, Stirling's series above. */
const SMALL = (() => {
  const table = new Float64Array(16);
  let factorial = 1;
  for (let n = 1; n < 16; n += 1) {
    factorial *= n;
    table[n] = Math.log(factorial) - (HALF_LOG_2PI + (n + 0.5) * Math.log(n) - n);
  }
  return table;
})();
function stirlingError(n: number): number {
  if (n < 16) return SMALL[n]!;
  const s = 1 / (n * n);
  return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - (s * 1) / 1188)))) / n;
}

/** Deviance `x log(x/m) + m - x`, by series where x is near m. */
function deviance(x: number, m: number): number {
  if (x === 0) return m;
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let term = 2 * x * v;
  for (let j = 3; ; j += 2) {
    term *= v * v;
    const next = sum + term / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** `log P(X = x)` for X binomial of `n` trials at probability `p`, `q = 1 - p`. */
function logBinomial(x: number, n: number, p: number, q: number): number {
  if (n === 0) return 0;
  if (x === 0) return p < 0.1 ? -deviance(n, n * q) - n * p : n * Math.log(q);
  if (x === n) return q < 0.1 ? -deviance(n, n * p) - n * q : n * Math.log(p);
  const correction = stirlingError(n) - stirlingError(x) - stirlingError(n - x);
  return correction - deviance(x, n * p) - deviance(n - x, n * q) - HALF_LOG_2PI - 0.5 * Math.log((x * (n - x)) / n);
}

/** `log P(A = a)` where `a` of `drawn` are marked, out of `marked` marked and `rest` others. */
export function logHypergeometric(a: number, marked: number, rest: number, drawn: number): number {
  const total = marked + rest;
  if (drawn === 0 || drawn === total) return 0;
  const p = drawn / total;
  const q = (total - drawn) / total;
  return logBinomial(a, marked, p, q) + logBinomial(drawn - a, rest, p, q) - logBinomial(drawn, total, p, q);
}

/** `log P(A >= a)`: the shorter tail is summed from its largest term, so nothing underflows. */
export function logUpperTail(a: number, marked: number, rest: number, drawn: number): number {
  const low = Math.max(0, drawn - rest);
  const high = Math.min(marked, drawn);
  const mode = Math.floor(((marked + 1) * (drawn + 1)) / (marked + rest + 2));
  let sum = 1;
  let term = 1;
  if (a > mode) {
    for (let k = a; k < high && term > sum * 1e-18; k += 1) {
      term *= ((marked - k) * (drawn - k)) / ((k + 1) * (rest - drawn + k + 1));
      sum += term;
    }
    return logHypergeometric(a, marked, rest, drawn) + Math.log(sum);
  }
  if (a <= low) return 0;
  for (let k = a - 1; k > low && term > sum * 1e-18; k -= 1) {
    term *= (k * (rest - drawn + k)) / ((marked - k + 1) * (drawn - k + 1));
    sum += term;
  }
  return Math.log1p(-Math.min(1, Math.exp(logHypergeometric(a - 1, marked, rest, drawn)) * sum));
}
