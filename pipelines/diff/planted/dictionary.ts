import type { Random } from '#pipelines/data/random.ts';
import type { Sae } from '#pipelines/sae/types.ts';

/** A random unit vector `[d]`. */
export function direction(random: Random, d: number): Float64Array {
  const v = Float64Array.from({ length: d }, () => random.normal());
  return unit(v);
}

export function unit(v: Float64Array): Float64Array {
  const norm = Math.hypot(...v);
  return v.map((x) => x / norm);
}

/** `v` turned so that its cosine with itself is `cosine`, towards a random direction. */
export function turned(random: Random, v: Float64Array, cosine: number): Float64Array {
  const other = direction(random, v.length);
  const along = other.reduce((sum, x, j) => sum + x * v[j]!, 0);
  const across = unit(other.map((x, j) => x - along * v[j]!));
  const sine = Math.sqrt(1 - cosine * cosine);
  return v.map((x, j) => cosine * x + sine * across[j]!);
}

/** A rotation of the whole space by a product of random plane rotations of `angle`, applied to `v`. */
export function commonRotation(random: Random, d: number, angle: number): (v: Float64Array) => Float64Array {
  const order = random.shuffle(Array.from({ length: d }, (_, j) => j));
  return (v) => {
    const out = Float64Array.from(v);
    for (let k = 0; k + 1 < d; k += 2) {
      const [a, b] = [order[k]!, order[k + 1]!];
      out[a] = Math.cos(angle) * v[a]! - Math.sin(angle) * v[b]!;
      out[b] = Math.sin(angle) * v[a]! + Math.cos(angle) * v[b]!;
    }
    return out;
  };
}

/** A JumpReLU dictionary whose encoder reads along its decoder rows. */
export function dictionaryOf(rows: readonly Float64Array[], threshold: number, bias: Float64Array): Sae {
  const n = rows.length;
  const d = rows[0]!.length;
  const wEnc = new Float32Array(d * n);
  const wDec = new Float32Array(n * d);
  for (const [i, row] of rows.entries())
    for (let j = 0; j < d; j += 1) {
      wDec[i * d + j] = row[j]!;
      wEnc[j * n + i] = row[j]!;
    }
  return {
    d,
    n,
    activation: 'jumprelu',
    scale: 1,
    applyBDec: true,
    wEnc,
    bEnc: new Float32Array(n),
    wDec,
    bDec: Float32Array.from(bias),
    threshold: new Float32Array(n).fill(threshold),
  };
}
