import type { Controlled } from '#release/schema/estimate.ts';
import { type Bootstrap, meanOf } from './estimate.ts';
import type { Rows } from './ridge.ts';

/** The shift of one concept: how far fine-tuning moves what the model holds of it, and whether that move alone is the change. */
export interface ConceptShift {
  readonly concept: string;
  /** Norm of the mean of tuned less base, in units of the base's mean norm. */
  readonly size: number;
  /**
   * Share of the squared change of held-out samples that adding the concept's shift to the base recovers, with a bootstrap
   * interval; control: the same with another concept's shift.
   */
  readonly recovery: Controlled;
}

/** Fewest samples of a concept. */
const FEWEST = 8;

function meanRow({ d, data }: Rows, samples: readonly number[]): Float64Array {
  const sum = new Float64Array(d);
  for (const s of samples) for (let j = 0; j < d; j += 1) sum[j]! += data[s * d + j]! / samples.length;
  return sum;
}

const norm = (v: ArrayLike<number>): number => Math.sqrt(Array.from(v).reduce((sum, x) => sum + x * x, 0));

/** Share of `|tuned - base|^2` of each sample that `base + shift` recovers. */
function recovered(tuned: Rows, base: Rows, shift: Float64Array, samples: readonly number[]): Float64Array {
  const { d } = tuned;
  return Float64Array.from(samples, (s) => {
    let before = 0;
    let after = 0;
    for (let j = 0; j < d; j += 1) {
      const change = tuned.data[s * d + j]! - base.data[s * d + j]!;
      before += change * change;
      after += (change - shift[j]!) ** 2;
    }
    return before === 0 ? 0 : 1 - after / before;
  });
}

/**
 * Concept shift vectors (Khayatan et al. 2501.03012): per concept, the mean of tuned less base over half of its samples, tried
 * on the other half. `tuned` and `base` hold one row a sample, of the same tokens.
 */
export function conceptShifts(
  tuned: Rows,
  base: Rows,
  concepts: readonly (string | null)[],
  options: Bootstrap,
): ConceptShift[] {
  const { random } = options;
  const names = [...new Set(concepts.filter((c) => c !== null))].sort();
  const groups = names
    .map((concept) => ({ concept, samples: random.shuffle(concepts.flatMap((c, s) => (c === concept ? [s] : []))) }))
    .filter(({ samples }) => samples.length >= FEWEST)
    .map(({ concept, samples }) => {
      const [learn, test] = [samples.slice(0, samples.length >> 1), samples.slice(samples.length >> 1)];
      const [after, before] = [meanRow(tuned, learn), meanRow(base, learn)];
      return { concept, test, shift: after.map((x, j) => x - before[j]!), reference: norm(before) };
    });
  return groups.map(({ concept, test, shift, reference }, k) => {
    const other = groups.length > 1 ? groups[(k + random.int(1, groups.length - 1)) % groups.length]! : undefined;
    const own = recovered(tuned, base, shift, test);
    const control = other && recovered(tuned, base, other.shift, test);
    return {
      concept,
      size: reference === 0 ? 0 : norm(shift) / reference,
      recovery: {
        ...meanOf(own, options),
        control: other && control ? { kind: `shift of ${other.concept}`, ...meanOf(control, options) } : null,
        ...(control
          ? {
              difference: meanOf(
                own.map((share, i) => share - control[i]!),
                options,
              ),
            }
          : {}),
      },
    };
  });
}
