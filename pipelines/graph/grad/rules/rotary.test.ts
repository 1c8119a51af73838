import fc from 'fast-check';
import { test } from 'vitest';
import { f32, i64 } from '../../tensor.ts';
import { dim, mode, of, property } from '../testing/properties.ts';

const [WIDTH, MAX] = [8, 9];
const angle = (position: number, i: number) => position / 2 ** i;

/** Rotates `[batch, pos, head, WIDTH]` by its positions: halves of a head or neighbouring columns, all or the first half of a head. */
function rotate(
  x: readonly number[],
  o: { pos: number; heads: number; interleaved: number; half: number },
  positions: readonly number[],
): number[] {
  const out = [...x];
  for (let row = 0; row < x.length / WIDTH; row += 1) {
    const position = positions[Math.floor(row / o.heads)]!;
    for (let i = 0; i < o.half; i += 1) {
      const [a, b] = o.interleaved ? [2 * i, 2 * i + 1] : [i, i + o.half];
      const [u, v] = [x[row * WIDTH + a]!, x[row * WIDTH + b]!];
      const [cos, sin] = [Math.cos(angle(position, i)), Math.sin(angle(position, i))];
      out[row * WIDTH + a] = u * cos - v * sin;
      out[row * WIDTH + b] = u * sin + v * cos;
    }
  }
  return out;
}

test.each(['com.microsoft', ''])('RotaryEmbedding of domain "%s"', (domain) =>
  property(
    fc
      .record({ batch: dim, pos: dim, heads: dim, interleaved: fc.nat(1), partial: fc.boolean(), mode })
      .map(({ batch, pos, heads, interleaved, partial, mode }) => {
        const half = partial ? WIDTH / 4 : WIDTH / 2;
        const positions = Array.from({ length: batch * pos }, (_, i) => (i * 5) % MAX);
        const table = (f: (x: number) => number) =>
          f32(
            Array.from({ length: MAX * half }, (_, i) => f(angle(Math.floor(i / half), i % half))),
            [MAX, half],
          );
        return {
          ...mode,
          symbolic: false,
          inputs: [of([batch, pos, heads * WIDTH], 1)],
          reference: (x: readonly number[]) => rotate(x, { pos, heads, interleaved, half }, positions),
          build: (g, [x]) => {
            const [at, cos, sin] = [i64(positions, [batch, pos]), table(Math.cos), table(Math.sin)].map((t) =>
              g.constant(t),
            );
            const inputs = domain ? [x!, at!, cos!, sin!] : [x!, cos!, sin!, at!];
            const attributes = {
              interleaved,
              num_heads: heads,
              ...(partial ? { rotary_embedding_dim: 2 * half } : {}),
            };
            return g.op('RotaryEmbedding', inputs, attributes, domain);
          },
        };
      }),
  ),
);
