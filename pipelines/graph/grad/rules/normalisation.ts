import { floatAttr, intAttr } from '../../onnx/attributes.ts';
import { type Rule, type RuleContext, rule } from '../rule.ts';

/**
 * The normalised input and the inverse deviation, from the fused kernel with a scale of one: one pass over forward
 * values, whatever the number of metrics.
 */
function normalised(c: RuleContext, op: string): { unit: string; inverse: string; width: number } {
  const { tape, node } = c;
  const x = node.input[0]!;
  const dims = c.shape(x);
  const from = intAttr(node, 'axis', -1);
  const axis = from < 0 ? from + dims.length : from;
  const width = dims.slice(axis);
  if (axis !== dims.length - 1 || typeof width[0] !== 'number')
    c.refuse('it normalises more than the last, fixed axis');
  const centred = op === 'LayerNormalization';
  const outputs = tape.ops(
    op,
    [x, tape.ones(width[0] as number, x)],
    { axis: -1, epsilon: { float: floatAttr(node, 'epsilon', 1e-5) }, stash_type: 1 },
    centred ? 3 : 2,
  );
  const inverse = outputs.at(-1)!;
  return {
    unit: outputs[0]!,
    inverse: inTypeOf(c, inverse),
    width: width[0] as number,
  };
}

/** An inverse deviation, which is float32 whatever the input is. */
const inTypeOf = ({ tape, node }: RuleContext, inverse: string): string =>
  tape.facts.type(node.input[0]!) === 'float32' ? inverse : tape.op('CastLike', [inverse, node.input[0]!]);

/** `dx = h - x r^2 mean(h x)` with `h = r scale g`: where the node itself gives `r`, the inverse deviation. */
function uncentred(c: RuleContext, given: string): void {
  const { tape, node } = c;
  const inverse = inTypeOf(c, given);
  const [x, scale] = node.input as [string, string];
  const size = c.shape(x).at(-1);
  const width = typeof size === 'number' ? size : c.refuse('the width that it normalises is unknown');
  const h = c.cotangent(0, tape.pure('Mul', [inverse, scale]));
  const sum = tape.op('ReduceSum', [tape.op('Mul', [h, x]), tape.ints([-1])], { keepdims: 1 });
  const share = tape.pure('Mul', [tape.pure('Mul', [inverse, inverse]), tape.scalar(-1 / width, x)]);
  c.give(0, h);
  c.give(0, tape.op('Mul', [sum, share]), x);
}

/** `dx = r (h - mean h - u mean(h u))` with `h = scale g`, `u` the normalised input, `r` the inverse deviation. */
const norm = (op: string, centred: boolean): Rule =>
  rule((c) => {
    const { tape, node } = c;
    const [, scale, bias] = node.input;
    if (!centred && node.output[1] && !c.wants(1)) {
      uncentred(c, node.output[1]);
      return;
    }
    const unit = normalised(c, op);
    const outer = (value: string, to: string) => c.unbroadcast(value, c.shape(node.output[0]!), to);
    if (c.wants(1)) c.give(1, outer(c.cotangent(0, unit.unit), scale!));
    if (bias && c.wants(2)) c.give(2, outer(c.cotangent(), bias));
    if (!c.wants(0)) return;
    const h = c.cotangent(0, tape.pure('Mul', [unit.inverse, scale!]));
    const share = tape.scalar(-1 / unit.width, node.input[0]!);
    const sum = (value: string) => tape.op('ReduceSum', [value, tape.ints([-1])], { keepdims: 1 });
    c.give(0, h);
    c.give(0, sum(tape.op('Mul', [h, unit.unit])), tape.pure('Mul', [unit.unit, share]));
    if (centred) c.give(0, sum(h), share);
  });

/** Layer normalisations over the last axis. */
export const NORMALISATION: Readonly<Record<string, Rule>> = {
  LayerNormalization: norm('LayerNormalization', true),
  SimplifiedLayerNormalization: norm('SimplifiedLayerNormalization', false),
  RMSNormalization: norm('SimplifiedLayerNormalization', false),
};
