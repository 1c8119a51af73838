import { GraphError } from './errors.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';

type Typed = Tensor['data'];
const like = (data: Typed, length: number): Typed => new (data.constructor as new (n: number) => Typed)(length);

/** Tensors of one type joined along the first axis. Throws `GraphError` where the other axes differ. */
export function concat(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors as [Tensor];
  if (tensors.length === 1) return first;
  const rows = tensors.reduce((n, t) => n + t.dims[0]!, 0);
  const rest = first.dims.slice(1);
  if (tensors.some((t) => t.type !== first.type || String(t.dims.slice(1)) !== String(rest)))
    throw new GraphError(
      'shape',
      `inputs of shapes ${tensors.map((t) => `[${t.dims}]`).join(' and ')} do not stack`,
      'give clean and corrupt inputs of the same shapes',
    );
  const data = like(first.data, rows * sizeOf(rest));
  let at = 0;
  for (const t of tensors) {
    data.set(t.data as never, at);
    at += t.data.length;
  }
  return { type: first.type, dims: [rows, ...rest], data } as Tensor;
}

/** A tensor repeated along the first axis. */
export const repeat = (tensor: Tensor, times: number): Tensor =>
  times === 1 ? tensor : concat(Array.from({ length: times }, () => tensor));

/** Rows `from`..`to` of the first axis, zero-copy. */
export function rows<T extends Tensor>(tensor: T, from: number, to: number): T {
  const size = sizeOf(tensor.dims.slice(1));
  return { ...tensor, dims: [to - from, ...tensor.dims.slice(1)], data: tensor.data.subarray(from * size, to * size) };
}

/** A run's inputs for several sequences of the same shape at once: what has a batch axis is joined, the rest shared. */
export function stackInputs(
  runs: readonly Readonly<Record<string, Tensor>>[],
  batch: number,
  shared: ReadonlySet<string>,
): Record<string, Tensor> {
  const [first] = runs as [Readonly<Record<string, Tensor>>];
  if (runs.length === 1) return { ...first };
  return Object.fromEntries(
    Object.entries(first).map(([name, tensor]) => {
      const whole = tensor.dims.length > 0 && tensor.dims[0] === batch && !shared.has(name);
      return [name, whole ? concat(runs.map((run) => run[name]!)) : tensor];
    }),
  );
}

/** The same inputs `times` over. */
export const repeatInputs = (
  inputs: Readonly<Record<string, Tensor>>,
  times: number,
  batch: number,
  shared: ReadonlySet<string>,
): Record<string, Tensor> =>
  stackInputs(
    Array.from({ length: times }, () => inputs),
    batch,
    shared,
  );

/** The sequences `from`..`to` of a run's inputs. */
export const someInputs = (
  inputs: Readonly<Record<string, Tensor>>,
  from: number,
  to: number,
  batch: number,
  shared: ReadonlySet<string>,
): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [
      name,
      tensor.dims[0] === batch && !shared.has(name) ? rows(tensor, from, to) : tensor,
    ]),
  );

/** Tensors `[K, batch, ...]` joined along the batch. */
export function concatBatch(tensors: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  const [k, , ...rest] = tensors[0]!.dims as [number, number, ...number[]];
  const batch = tensors.reduce((n, t) => n + t.dims[1]!, 0);
  const inner = sizeOf(rest);
  const data = new Float32Array(k * batch * inner);
  let at = 0;
  for (const { dims, data: part } of tensors) {
    const size = dims[1]! * inner;
    for (let i = 0; i < k; i += 1) data.set(part.subarray(i * size, (i + 1) * size), (i * batch + at) * inner);
    at += dims[1]!;
  }
  return { type: 'float32', dims: [k, batch, ...rest], data };
}

/** Layers `[K, batch, ...]` side by side: `[K, batch, layer, ...]`. */
export function stackLayers(blocks: readonly Tensor[]): Tensor<'float32'> {
  const [k, batch, ...rest] = blocks[0]!.dims as [number, number, ...number[]];
  const inner = rest.reduce((a, b) => a * b, 1);
  const data = new Float32Array(k * batch * blocks.length * inner);
  blocks.forEach((block, layer) => {
    for (let row = 0; row < k * batch; row += 1)
      data.set(
        (block.data as Float32Array).subarray(row * inner, (row + 1) * inner),
        (row * blocks.length + layer) * inner,
      );
  });
  return f32(data, [k, batch, blocks.length, ...rest]);
}
