import type { Estimate } from '#release/schema/index.ts';

const MINUS = '\u2212';
const THIN = '\u202f';

/** Fixed digits with a true minus sign; no "-0.00". */
export function fixed(value: number, digits = 2): string {
  const text = value.toFixed(digits);
  const plain = Number(text) === 0 ? (0).toFixed(digits) : text;
  return plain.replace('-', MINUS);
}

/** As `fixed`, with a plus sign on positive values. */
export const signed = (value: number, digits = 2): string => {
  const text = fixed(value, digits);
  return text.startsWith(MINUS) || Number(text) === 0 ? text : `+${text}`;
};

/** Whole numbers in groups of three. */
export const count = (value: number): string =>
  String(Math.round(value))
    .replace('-', MINUS)
    .replace(/\B(?=(\d{3})+(?!\d))/g, THIN);

export const percent = (share: number, digits = 0): string => `${fixed(share * 100, digits)}${THIN}%`;

/** Three significant digits without an exponent where that is readable. */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0';
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return fixed(value, 0);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  if (magnitude > 5 || magnitude < -4) return exponent(value);
  return fixed(value, Math.max(0, digits - 1 - magnitude));
}

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (n: number): string =>
  String(n)
    .replace(/\d/g, (d) => SUPERSCRIPT[Number(d)] as string)
    .replace('-', '⁻');

const scientific = (mantissa: string, power: number): string =>
  `${mantissa.replace('-', MINUS)}${THIN}×${THIN}10${superscript(power)}`;

function exponent(value: number): string {
  const [mantissa, power] = value.toExponential(1).split('e') as [string, string];
  return scientific(mantissa, Number(power));
}

/** A probability; below 0.001 from its logarithm, so that an underflow is never shown as zero. */
export function probability(p: number, log10 = Math.log10(p)): string {
  if (p >= 0.001) return fixed(p, 3);
  if (!Number.isFinite(log10)) return `< 10${superscript(-300)}`;
  // Rounded before it is split, so that 9.96 becomes the next power's 1.0.
  const [mantissa, carried] = (10 ** (log10 - Math.floor(log10))).toExponential(1).split('e') as [string, string];
  return scientific(mantissa, Math.floor(log10) + Number(carried));
}

/** Angle of a cosine, in degrees. */
export const degrees = (cosine: number): number => (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;

export const angle = (cosine: number): string => `${fixed(degrees(cosine), 0)}°`;

/** "[0.12, 0.31]", or "no interval". */
export const interval = (of: Pick<Estimate, 'low' | 'high'>, digits = 2): string =>
  of.low === null || of.high === null ? 'no interval' : `[${fixed(of.low, digits)}, ${fixed(of.high, digits)}]`;

export const bytes = (n: number): string =>
  n < 1000 ? `${n}${THIN}B` : n < 1e6 ? `${fixed(n / 1e3, 0)}${THIN}kB` : `${fixed(n / 1e6, 1)}${THIN}MB`;
