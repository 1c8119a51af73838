import type { Dim } from '../onnx/build.ts';

/**
 * Arithmetic on dimensions. A dimension is a number, or a polynomial of symbols with integer coefficients in one
 * canonical spelling, so that two dimensions are equal exactly if their spelling is.
 *
 * @example add('past', mul(2, 'seq')) === '2*seq + past'
 */
type Terms = Map<string, number>;

const ATOM = /^[\w?.]+$/;

/** A declared dimension name as a canonical one; what is not a sum of products becomes one opaque symbol. */
export function canonical(name: string): Dim {
  const parts = name.split('+').map((part) => part.split('*').map((factor) => factor.trim()));
  if (!parts.every((part) => part.every((factor) => ATOM.test(factor)))) return name.replace(/[^\w?.]/g, '_') || '_';
  return parts
    .map((part) => part.map((f): Dim => (/^\d+$/.test(f) ? Number(f) : f)).reduce(mul))
    .reduce((a, b) => add(a, b));
}

function parse(dim: Dim): Terms {
  if (typeof dim === 'number') return new Map(dim === 0 ? [] : [['', dim]]);
  const terms: Terms = new Map();
  for (const term of dim.split(' + ')) {
    const factors = term.split('*');
    const coefficient = /^-?\d+$/.test(factors[0]!) ? Number(factors.shift()) : 1;
    terms.set(factors.join('*'), coefficient);
  }
  return terms;
}

function print(terms: Terms): Dim {
  const kept = [...terms].filter(([, c]) => c !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kept.length === 0) return 0;
  if (kept.length === 1 && kept[0]![0] === '') return kept[0]![1];
  return kept.map(([m, c]) => (m === '' ? String(c) : c === 1 ? m : `${c}*${m}`)).join(' + ');
}

export function add(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const sum = parse(a);
  for (const [m, c] of parse(b)) sum.set(m, (sum.get(m) ?? 0) + c);
  return print(sum);
}

export function mul(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const product: Terms = new Map();
  for (const [m, c] of parse(a))
    for (const [n, e] of parse(b)) {
      const key = [...m.split('*'), ...n.split('*')].filter(Boolean).sort().join('*');
      product.set(key, (product.get(key) ?? 0) + c * e);
    }
  return print(product);
}

export const sub = (a: Dim, b: Dim): Dim => add(a, mul(-1, b));

/** `a / b` where it divides without remainder; undefined where that is not certain. */
export function div(a: Dim, b: Dim): Dim | undefined {
  if (b === 1) return a;
  if (a === b) return 1;
  if (typeof a === 'number' && typeof b === 'number') return b !== 0 && a % b === 0 ? a / b : undefined;
  const divisor = [...parse(b)];
  if (divisor.length !== 1) return undefined;
  const [by, coefficient] = divisor[0]!;
  const quotient: Terms = new Map();
  for (const [m, c] of parse(a)) {
    const factors = m.split('*').filter(Boolean);
    for (const f of by.split('*').filter(Boolean)) {
      const at = factors.indexOf(f);
      if (at < 0) return undefined;
      factors.splice(at, 1);
    }
    if (c % coefficient !== 0) return undefined;
    quotient.set(factors.join('*'), c / coefficient);
  }
  return print(quotient);
}

/** Product of the dimensions, 1 for none. */
export const product = (dims: readonly Dim[]): Dim => dims.reduce<Dim>((a, b) => mul(a, b), 1);

/** `product(a) / product(b)`; factors that both have need not be divided, so sums among them do no harm. */
export function quotient(a: readonly Dim[], b: readonly Dim[]): Dim | undefined {
  const left = [...a];
  const below = b.filter((d) => {
    const at = left.indexOf(d);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return div(product(left), product(below));
}

/** The NumPy broadcast of two dimensions; undefined where it cannot be told. A symbol never stands for 1 beside a number. */
export function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return undefined;
}
