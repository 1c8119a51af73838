import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** Seeded draws. The same parts give the same draws on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform integer in [from, to], both included. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** An index drawn with probability proportional to its weight. */
  weighted(weights: readonly number[]): number;
  /** A new array in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** A standard normal (Box-Muller, one of each pair kept for the next call). */
  normal(): number;
  /** 32 random bits, as a signed integer. */
  bits(): number;
}

/** MurmurHash3's finaliser: every input bit reaches every output bit. */
function mix(h: number): number {
  let x = h | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** Four 32-bit words of generator state from a text: FNV-1a with another offset in each lane, then mixed. */
function stateOf(text: string): number[] {
  return [1, 2, 3, 4].map((lane) => {
    let h = mix(0x811c9dc5 + lane);
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    return mix(h ^ text.length) | (lane === 1 ? 1 : 0);
  });
}

/**
 * A generator that depends on its parts alone, so that any slice of a stream can be made by itself.
 *
 * @example random(seed, 'scene', 17)
 */
export function random(...parts: readonly (string | number)[]): Random {
  const source = xoroshiro128plusFromState(stateOf(parts.join('\u0000')));
  const float = () => uniformFloat64(source);
  const int = (from: number, to: number) => uniformInt(source, from, to);
  let spare: number | undefined;
  return {
    float,
    int,
    chance: (probability) => float() < probability,
    pick: (items) => items[int(0, items.length - 1)]!,
    weighted(weights) {
      let left = float() * weights.reduce((a, b) => a + b, 0);
      for (let i = 0; i < weights.length - 1; i++) {
        left -= weights[i]!;
        if (left < 0) return i;
      }
      return weights.length - 1;
    },
    shuffle(items) {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(0, i);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
    normal() {
      if (spare !== undefined) {
        const kept = spare;
        spare = undefined;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - float()));
      const angle = 2 * Math.PI * float();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    bits: () => source.next(),
  };
}
