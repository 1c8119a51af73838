import type { NodeProto } from 'onnx-buf';
import { Flow } from './anatomy/flow.ts';
import type { EditableGraph } from './onnx/graph.ts';
import { reduceLast } from './onnx/reduce.ts';
import { f32 } from './tensor.ts';

/** The least float32. Softmax gives no weight to it beside any other score, and equal weights where there is nothing else. */
const LOWEST = -3.4028234663852886e38;
/** Before this version a softmax runs over all axes from one on. */
const ONE_AXIS = 13;

/** Weights of attention that are replaced by zeros where they are NaN: in rows of which every key is masked. */
interface Guard {
  readonly softmax: NodeProto;
  readonly test: NodeProto;
  readonly choice: NodeProto;
}

function guardOf(graph: EditableGraph, test: NodeProto): Guard | undefined {
  if (test.opType !== 'IsNaN' || graph.opset < ONE_AXIS) return undefined;
  const weights = test.input[0]!;
  const softmax = graph.producer(weights);
  const [choice, ...others] = graph.consumers(test.output[0]!);
  const guarded = choice?.opType === 'Where' && choice.input[0] === test.output[0] && choice.input[2] === weights;
  if (softmax?.opType !== 'Softmax' || !guarded || others.length || graph.isOutput(weights)) return undefined;
  const zero = graph.numbers(choice.input[1]!);
  return zero?.length === 1 && zero[0] === 0 && graph.consumers(weights).length === 2
    ? { softmax, test, choice }
    : undefined;
}

/** Whether the elements of a value come out of a product. Those of a mask do not. */
function multiplied(flow: Flow, value: string): boolean {
  const seen = new Set<NodeProto>();
  const stack = [value];
  while (stack.length) {
    const node = flow.graph.producer(stack.pop()!);
    if (!node || seen.has(node)) continue;
    if (/MatMul|Gemm/.test(node.opType)) return true;
    seen.add(node);
    stack.push(...flow.dataInputs(node));
  }
  return false;
}

/** The mask that is added to the scores, or the scores, and who reads it. */
function maskOf(flow: Flow, softmax: NodeProto): { readonly mask: string; readonly reader: NodeProto } {
  const scores = softmax.input[0]!;
  const sum = flow.graph.producer(scores);
  const masks = sum?.opType === 'Add' ? sum.input.filter((name) => !multiplied(flow, name)) : [];
  return masks.length === 1 ? { mask: masks[0]!, reader: sum! } : { mask: scores, reader: softmax };
}

/** The product with the values, where nothing else reads the weights. */
function productOf(graph: EditableGraph, weights: string): NodeProto | undefined {
  const [node, ...others] = graph.consumers(weights);
  const only = node?.opType === 'MatMul' && others.length === 0 && !graph.isOutput(weights);
  return only && node.input[0] === weights && node.input[1] !== weights ? node : undefined;
}

/**
 * Exporters of PyTorch's fused attention write a softmax that gives NaN in rows of which every key is masked (padding on the left),
 * and put zeros in its place. Here no NaN arises, which would go through every gradient: the mask is bounded below, and those rows are
 * multiplied by 0, all others by 1. It is done behind the product with the values, which has fewer elements, unless the weights are asked for.
 *
 * @param asked values that must hold what they held
 */
export function zeroMaskedRows(graph: EditableGraph, asked: ReadonlySet<string>): void {
  const guards = [...graph.nodes].flatMap((node) => guardOf(graph, node) ?? []);
  if (guards.length === 0) return;
  const flow = new Flow(graph);
  const lowest = graph.addConstant(f32([LOWEST], []));
  const [zero, one] = [0, 1].map((x) => graph.addConstant(f32([x], []))) as [string, string];
  for (const { softmax, test, choice } of guards) {
    const { mask, reader } = maskOf(flow, softmax);
    const masked = graph.op('Less', [reduceLast(graph, 'ReduceMax', mask), lowest]);
    const open = graph.op('Where', [masked, zero, one]);
    graph.setInput(reader, reader.input.indexOf(mask), graph.op('Max', [mask, lowest]));
    const [weights, guarded] = [softmax.output[0]!, choice.output[0]!];
    const product = asked.has(guarded) ? undefined : productOf(graph, guarded);
    for (const node of [test, choice]) graph.removeNode(node);
    const last = product?.output[0] ?? guarded;
    if (product) {
      graph.setInput(product, 0, weights);
      graph.setOutput(product, 0, graph.fresh('product'));
    }
    graph.setOutput(graph.producer(graph.op('Mul', [product?.output[0] ?? weights, open]))!, 0, last);
  }
}
