import { floatAttr, intAttr } from '../onnx/attributes.ts';
import type { LowerContext, Lowering } from './kit.ts';

/** `1 / sqrt(mean(x^2) + eps)` along the last axis. */
function inverseRms({ tape, node }: LowerContext, x: string, width: number): string {
  const square = tape.op('ReduceSum', [tape.op('Mul', [x, x]), tape.ints([-1])], { keepdims: 1 });
  const mean = tape.op('Mul', [square, tape.scalar(1 / width, x)]);
  const eps = tape.scalar(floatAttr(node, 'epsilon', node.opType.startsWith('Embed') ? 1e-12 : 1e-5), x);
  return tape.op('Reciprocal', [tape.op('Sqrt', [tape.op('Add', [mean, eps])])]);
}

function width(c: LowerContext, x: string, scale: string): number {
  const d = c.tape.facts.shape(scale)?.at(-1) ?? c.tape.facts.shape(x)?.at(-1);
  const rank = c.tape.facts.shape(x)?.length;
  const axis = intAttr(c.node, 'axis', -1);
  if (typeof d !== 'number' || (axis !== -1 && axis + 1 !== rank))
    c.refuse('it normalises more than the last, fixed axis');
  return d as number;
}

/** Root-mean-square normalisation (Zhang and Sennrich 2019). */
function rmsNorm(c: LowerContext, x: string, scale: string): string {
  const { tape } = c;
  return tape.op('Mul', [tape.op('Mul', [x, inverseRms(c, x, width(c, x, scale))]), scale]);
}

/** Layer normalisation (Ba et al. 2016) with the population variance. */
function layerNorm(c: LowerContext, x: string, scale: string, bias?: string): string {
  const { tape } = c;
  const d = width(c, x, scale);
  const mean = tape.op('Mul', [tape.op('ReduceSum', [x, tape.ints([-1])], { keepdims: 1 }), tape.scalar(1 / d, x)]);
  const centred = tape.op('Sub', [x, mean]);
  const scaled = tape.op('Mul', [tape.op('Mul', [centred, inverseRms(c, centred, d)]), scale]);
  return bias ? tape.op('Add', [scaled, bias]) : scaled;
}

/** Sum of a residual stream and what is added to it, with an optional bias. */
function skipSum({ tape, need }: LowerContext, bias: string | undefined): string {
  const sum = tape.op('Add', [need(0), bias ? tape.op('Add', [need(1), bias]) : need(1)]);
  return sum;
}

/** Keeps the norm as one standard operator, which has a gradient rule of its own and a fast kernel. */
const norm = (c: LowerContext, op: string, inputs: string[]): string =>
  c.tape.op(op, inputs, { axis: { int: -1 }, epsilon: { float: floatAttr(c.node, 'epsilon', 1e-5) }, stash_type: 1 });

/** Word, position and segment embeddings, summed and normalised. */
const embed: Lowering = (c) => {
  const { tape } = c;
  if (c.input(7) || c.used(1)) c.refuse('it makes a mask index');
  const ids = tape.op('Cast', [c.need(0)], { to: 7 });
  const words = tape.op('Gather', [c.need(2), ids], { axis: 0 });
  const length = tape.op('Squeeze', [tape.op('Shape', [ids], { start: 1, end: 2 })]);
  const zero = tape.op('Squeeze', [tape.ints([0])]);
  const one = tape.op('Squeeze', [tape.ints([1])]);
  const positions = c.input(8) ? tape.op('Cast', [c.need(8)], { to: 7 }) : tape.op('Range', [zero, length, one]);
  let sum = tape.op('Add', [words, tape.op('Gather', [c.need(3), positions], { axis: 0 })]);
  if (c.input(1) && c.input(4))
    sum = tape.op('Add', [sum, tape.op('Gather', [c.need(4), tape.op('Cast', [c.need(1)], { to: 7 })], { axis: 0 })]);
  const outputs = [layerNorm(c, sum, c.need(5), c.input(6)), undefined, sum];
  return { outputs };
};

/** Normalisations; inputs are named by the operators' own order. */
export const NORMS: Readonly<Record<string, Lowering>> = {
  LayerNormalization: (c) => {
    if (c.used(1) || c.used(2)) c.refuse('its mean or deviation is read');
    return { outputs: [layerNorm(c, c.need(0), c.need(1), c.input(2))] };
  },
  SimplifiedLayerNormalization: (c) => {
    if (c.used(1)) c.refuse('its deviation is read');
    return { outputs: [rmsNorm(c, c.need(0), c.need(1))] };
  },
  RMSNormalization: (c) => ({ outputs: [rmsNorm(c, c.need(0), c.need(1))] }),
  'com.microsoft:SkipLayerNormalization': (c) => {
    const sum = skipSum(c, c.input(4));
    const inputs = [sum, c.need(2), ...(c.input(3) ? [c.need(3)] : [])];
    return { outputs: [norm(c, 'LayerNormalization', inputs), undefined, undefined, sum] };
  },
  'com.microsoft:SkipSimplifiedLayerNormalization': (c) => {
    const sum = skipSum(c, c.input(3));
    return { outputs: [norm(c, 'SimplifiedLayerNormalization', [sum, c.need(2)]), undefined, undefined, sum] };
  },
  'com.microsoft:EmbedLayerNormalization': embed,
};
