import type { GraphAnatomy } from './anatomy/index.ts';
import type { GraphInput } from './anatomy/inputs.ts';
import { GraphError } from './errors.ts';
import { numbersOf, numberToHalf } from './onnx/values.ts';
import { ARRAY, type ElementType, sizeOf, type Tensor } from './tensor.ts';
import type { DecoderInputs } from './types.ts';

/** A tensor in another element type; the same one where the type fits already. */
export function castTensor(tensor: Tensor, type: ElementType): Tensor {
  if (tensor.type === type) return tensor;
  const numbers = numbersOf(tensor);
  const data = new ARRAY[type](numbers.length);
  numbers.forEach((x, i) => {
    data[i] = type === 'int64' ? BigInt(Math.trunc(x)) : type === 'float16' ? numberToHalf(x) : x;
  });
  return { type, dims: tensor.dims, data };
}

/** Sizes of one run. */
export interface Sizes {
  readonly batch: number;
  readonly pos: number;
  readonly past: number;
}

/** Batch, positions and past length of a run, from the tensors given. Throws `GraphError`. */
export function sizesOf({ tokens, inputs, dModel }: GraphAnatomy, given: DecoderInputs): Sizes {
  const tensor = given[tokens.input];
  const rank = tokens.kind === 'ids' ? 2 : 3;
  if (!tensor)
    throw new GraphError(
      'argument',
      `the input "${tokens.input}" is missing`,
      `give ${tokens.kind} [batch, pos${rank === 3 ? ', dModel' : ''}]`,
    );
  const [batch, pos, width] = tensor.dims;
  if (tensor.dims.length !== rank || !batch || !pos || (rank === 3 && width !== dModel))
    throw new GraphError(
      'shape',
      `"${tokens.input}" has shape [${tensor.dims}]`,
      `give [batch, pos${rank === 3 ? `, ${dModel}` : ''}], neither of them 0`,
    );
  const past = inputs.find(({ role, name }) => role === 'past' && given[name]);
  return { batch, pos, past: (past && given[past.name]!.dims.at(-2)) ?? 0 };
}

const zeros = (type: ElementType, dims: readonly number[]): Tensor => ({
  type,
  dims,
  data: new ARRAY[type](sizeOf(dims)),
});

/** Keys and values of no past: symbolic axes are batch and length. */
function emptyPast({ type, dims }: GraphInput, { batch }: Sizes, { kvHeads, dHead }: GraphAnatomy): Tensor {
  const lead = dims.length - 4;
  const expected = [batch, kvHeads, 0, dHead];
  const shape = dims.map((d, axis) =>
    typeof d === 'number' && d > 0 && axis !== lead + 2 ? d : (expected[axis - lead] ?? 2),
  );
  shape[lead + 2] = 0;
  shape[lead] = batch;
  return zeros(type, shape);
}

/** Positions counted along the mask, padding at 1, as Hugging Face counts them. */
function positions(type: ElementType, mask: Tensor, { batch, pos }: Sizes): Tensor {
  const row = mask.dims.at(-1)!;
  const values = numbersOf(mask);
  const out = new ARRAY[type](batch * pos);
  for (let b = 0; b < batch; b += 1) {
    let seen = 0;
    for (let i = 0; i < row; i += 1) {
      const on = values[b * row + i] ? 1 : 0;
      seen += on;
      const p = i - (row - pos);
      const position = on ? seen - 1 : 1;
      if (p >= 0) out[b * pos + p] = type === 'int64' ? BigInt(position) : position;
    }
  }
  return { type, dims: [batch, pos], data: out };
}

type Fill = (input: GraphInput, sizes: Sizes, anatomy: GraphAnatomy, mask: () => Tensor) => Tensor | undefined;

const ones: Fill = ({ type }, { batch, pos, past }) => {
  const tensor = zeros(type, [batch, past + pos]);
  return {
    ...tensor,
    data: type === 'int64' ? (tensor.data as BigInt64Array).fill(1n) : (tensor.data as Int32Array).fill(1),
  };
};

/** What stands in for an input that is not given, by its role; roles that are absent must be given. */
const FILL: Partial<Record<GraphInput['role'], Fill>> = {
  past: (input, sizes, anatomy) => emptyPast(input, sizes, anatomy),
  mask: ones,
  positions: ({ type }, sizes, _, mask) => positions(type, mask(), sizes),
  flag: ({ type, dims }, { past }) => {
    const tensor = zeros(
      type,
      dims.map(() => 1),
    );
    tensor.data[0] = past > 0 ? 1 : 0;
    return tensor;
  },
};

/**
 * The graph's inputs, complete: what is given in the type that the graph wants, the rest empty (past), ones (mask) or
 * counted (positions). Throws `GraphError` on a name that the graph does not have and on an input that must be given.
 */
export function completeInputs(anatomy: GraphAnatomy, given: DecoderInputs): Record<string, Tensor> {
  const { inputs } = anatomy;
  const stray = Object.keys(given).find((name) => !inputs.some((i) => i.name === name));
  if (stray !== undefined)
    throw new GraphError(
      'argument',
      `the graph has no input "${stray}"`,
      `give some of ${inputs.map((i) => i.name).join(', ')}`,
    );
  const sizes = sizesOf(anatomy, given);
  const mask = (): Tensor => {
    const input = inputs.find(({ role }) => role === 'mask');
    return (
      (input && given[input.name]) ?? ones({ name: '', role: 'mask', type: 'int64', dims: [] }, sizes, anatomy, mask)!
    );
  };
  return Object.fromEntries(
    inputs.map((input) => {
      const own = given[input.name];
      const tensor = own ? castTensor(own, input.type) : FILL[input.role]?.(input, sizes, anatomy, mask);
      if (!tensor)
        throw new GraphError(
          'argument',
          `the input "${input.name}" must be given`,
          `give "${input.name}" [${input.dims}]`,
        );
      return [input.name, tensor];
    }),
  );
}
