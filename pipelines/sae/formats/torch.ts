import type { SafeTensor, SafetensorsType } from '#release/safetensors.ts';
import { SAFETENSORS_TYPES } from '#release/safetensors.ts';
import { type PickledTensor, refused, unpickle } from './pickle.ts';
import { unzip } from './unzip.ts';

const TYPES: Readonly<Record<string, SafetensorsType>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
};

/** Copies a strided view of a storage into a dense row-major tensor. */
function gather(view: PickledTensor, storage: Uint8Array): SafeTensor {
  const dtype = TYPES[view.type];
  if (!dtype) throw refused(`torch storage ${view.type} is no number type that a dictionary has`);
  const size = SAFETENSORS_TYPES[dtype];
  const { shape, stride, offset } = view;
  const count = shape.reduce((a, b) => a * b, 1);
  const last = shape.reduce((at, length, axis) => at + (length - 1) * stride[axis]!, offset);
  if (count > 0 && (last + 1) * size > storage.byteLength)
    throw refused(`a torch tensor reaches beyond its ${storage.byteLength} bytes`);
  const out = new Uint8Array(count * size);
  const index = shape.map(() => 0);
  for (let i = 0; i < count; i += 1) {
    const from = index.reduce((at, k, axis) => at + k * stride[axis]!, offset) * size;
    for (let b = 0; b < size; b += 1) out[i * size + b] = storage[from + b]!;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { dtype, shape, bytes: out };
}

/** Tensors of a file that `torch.save` wrote from a state dict. Throws `ParallaxError`; nothing in the file is run. */
export function parseTorch(bytes: Uint8Array): Map<string, SafeTensor> {
  let members: Record<string, Uint8Array>;
  try {
    members = unzip(bytes);
  } catch {
    throw refused('not a torch zip file');
  }
  const pickle = Object.keys(members).find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (!pickle) throw refused('the torch zip file has no data.pkl');
  const root = pickle.slice(0, -'data.pkl'.length);
  const order = members[`${root}byteorder`];
  if (order && new TextDecoder().decode(order) !== 'little') throw refused('the torch file is not little-endian');
  const state = unpickle(members[pickle]!);
  if (!(state instanceof Map)) throw refused('the torch pickle is no state dict');
  const tensors = new Map<string, SafeTensor>();
  for (const [name, value] of state) {
    if (typeof name !== 'string' || value === null || typeof value !== 'object' || !('tensor' in value)) continue;
    const storage = members[`${root}data/${value.tensor.storage}`];
    if (!storage) throw refused(`the torch file lacks the data of ${name}`);
    tensors.set(name, gather(value.tensor, storage));
  }
  return tensors;
}
