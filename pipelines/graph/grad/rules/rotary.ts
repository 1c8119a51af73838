import { intAttr } from '../../onnx/attributes.ts';
import { type Rule, type RuleContext, rule } from '../rule.ts';

/**
 * A rotation's transpose is the rotation by the opposite angle: the same kernel with the sines negated. The leading
 * axis is one more factor of the batch, with the positions repeated.
 */
const rotary = (domain: string, order: { positions: number; cos: number; sin: number }): Rule =>
  rule(
    (c) => {
      const { tape, node } = c;
      const x = node.input[0]!;
      const [, ...rest] = c.shape(x);
      const inputs = [...node.input];
      inputs[order.sin] = tape.pure('Neg', [inputs[order.sin]!]);
      let g = c.cotangent();
      if (c.lead.length) {
        g = tape.op('Reshape', [g, tape.dims([-1, ...rest])]);
        // tables are [position, half] for all rows, or of each row; positions are of each row
        for (const [at, rank] of [
          [order.positions, 2],
          [order.cos, 3],
          [order.sin, 3],
        ] as const)
          if (inputs[at] && c.shape(inputs[at]).length === rank) inputs[at] = repeat(c, inputs[at]);
      }
      inputs[0] = g;
      const attributes = Object.fromEntries(
        ['interleaved', 'num_heads', 'rotary_embedding_dim', 'scale', 'is_packed_batching'].flatMap((name) => {
          const a = node.attribute.find((b) => b.name === name);
          return a ? [[name, name === 'scale' ? { float: a.f } : intAttr(node, name, 0)]] : [];
        }),
      );
      const back = tape.op('RotaryEmbedding', inputs, attributes, domain);
      c.give(0, c.lead.length ? tape.op('Reshape', [back, tape.shapeOf(x, c.lead)]) : back);
    },
    [0],
  );

/** What belongs to each row of the batch, once for every metric. */
function repeat(c: RuleContext, value: string): string {
  const { tape } = c;
  const dims = c.shape(value);
  const wide = tape.op('Expand', [value, tape.dims([...c.lead, ...dims])]);
  return tape.op('Reshape', [wide, tape.dims([-1, ...dims.slice(1)])]);
}

/** Rotary position embeddings: `com.microsoft` (x, positions, cos, sin) and ONNX (x, cos, sin, positions). */
export const ROTARY: Readonly<Record<string, Rule>> = {
  'com.microsoft:RotaryEmbedding': rotary('com.microsoft', { positions: 1, cos: 2, sin: 3 }),
  RotaryEmbedding: rotary('', { positions: 3, cos: 1, sin: 2 }),
};
