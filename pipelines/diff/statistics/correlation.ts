import { requireFinite, undefinedFor } from './errors.ts';
import { mean } from './moments.ts';

/** Pearson's product-moment correlation. A constant is an error. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  if (y.length !== n) throw undefinedFor('correlation', 'y', `has ${y.length} values for ${n} of x`);
  if (n < 2) throw undefinedFor('correlation', 'x', 'has fewer than 2 values');
  requireFinite('correlation', 'x', x);
  requireFinite('correlation', 'y', y);
  for (const [name, values] of [
    ['x', x],
    ['y', y],
  ] as const)
    if (isConstant(values)) throw undefinedFor('correlation', name, 'is constant');
  const mx = mean(x);
  const my = mean(y);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < n; i += 1) {
    const dx = x[i]! - mx;
    const dy = y[i]! - my;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return Math.max(-1, Math.min(1, xy / (Math.sqrt(xx) * Math.sqrt(yy))));
}

function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i += 1) if (values[i] !== values[0]) return false;
  return true;
}

/** Point-biserial correlation of `x` with `y` of 0 and 1. */
export function pointBiserial(x: ArrayLike<number>, y: ArrayLike<number>): number {
  for (let i = 0; i < y.length; i += 1)
    if (y[i] !== 0 && y[i] !== 1) throw undefinedFor('point-biserial', `y[${i}]`, `must be 0 or 1, is ${y[i]}`);
  return pearson(x, y);
}
