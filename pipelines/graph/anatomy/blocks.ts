import { GraphError } from '../errors.ts';
import { intsAttr } from '../onnx/attributes.ts';
import type { Facts } from '../shape/facts.ts';
import type { Flow } from './flow.ts';
import { type Kernel, kernelsIn } from './kernels.ts';
import { productOf } from './products.ts';
import { operandsOf } from './projections.ts';
import type { Addition, Update } from './stream.ts';
import { isSum, sumOf } from './sums.ts';

export interface Attention {
  readonly update: Update;
  readonly kernel: Kernel;
  /** The heads' outputs before the output projection: `[batch, pos, head, dHead]`, or with the last two axes as one. */
  readonly z: { readonly value: string; readonly rank: number };
  /** Columns of the projection that keys come from, and whether queries and values come from it too. */
  readonly keyWidth: { readonly columns: number; readonly packed: boolean } | undefined;
}

/** One layer of the decoder. */
export interface Block {
  readonly before: string;
  /** Between attention and MLP; absent where they run in parallel. */
  readonly middle?: string;
  readonly after: string;
  readonly attention: Attention;
  readonly mlp: Update;
}

/** Ops that only change how the heads' outputs are laid out or stored. */
const LAYOUT = new Set(['Reshape', 'Cast', 'Identity', 'Dropout', 'Squeeze', 'Unsqueeze']);

/** The heads' outputs, in the form nearest to `[batch, pos, head, dHead]`. */
function findZ(flow: Flow, facts: Facts, { output }: Kernel): Attention['z'] {
  const values = [output.data];
  for (;;) {
    const node = flow.graph.producer(values.at(-1)!);
    if (!node || !LAYOUT.has(node.opType)) break;
    values.push(node.input[0]!);
  }
  const rank = (value: string) => facts.shape(value)?.length;
  const byHead = values.find((v) => {
    const node = flow.graph.producer(v);
    return node?.opType === 'Transpose' && intsAttr(node, 'perm')?.length === 4;
  });
  if (byHead) return { value: byHead, rank: 4 };
  const flat = values.find((v) => rank(v) === 3) ?? values.at(-1)!;
  return { value: flat, rank: rank(flat) ?? 3 };
}

function keyWidth(flow: Flow, before: string, kernel: Kernel): Attention['keyWidth'] {
  const operands = operandsOf(kernel);
  if (!operands) return undefined;
  const [q, k] = operands.map((value) =>
    flow
      .between(before, value)
      .flatMap((n) => productOf(flow, n) ?? [])
      .at(-1),
  );
  if (!k?.outer) return undefined;
  return { columns: k.outer, packed: q?.node === k.node };
}

interface Part {
  readonly update: Update;
  readonly kernel?: Kernel;
}

/** The parts of an addition; a sum of attention and MLP counts as two. */
function partsOf(flow: Flow, { before, updates }: Addition): Part[] {
  const kernels = (value: string) => kernelsIn(flow, flow.between(before, value));
  return updates.flatMap((update): Part[] => {
    const found = kernels(update.value);
    const sum = found.length ? sumOf(flow, flow.strip(update.value)) : undefined;
    if (sum && isSum(sum, flow.strip(update.value))) {
      const [a, b] = sum.operands.map((value) => ({ update: { value }, kernel: kernels(value)[0] }));
      const both = [a!, b!].map(({ update: u, kernel }) => ({ update: u, ...(kernel ? { kernel } : {}) }));
      if (both.filter((p) => p.kernel).length === 1) return both;
    }
    return [{ update, ...(found[0] ? { kernel: found[0] } : {}) }];
  });
}

const odd = (layer: number, what: string, values: readonly string[]) =>
  new GraphError(
    'unsupported',
    `block ${layer}: ${what}; nearest candidates: ${values.join(', ')}`,
    'open a decoder whose blocks add one attention and one MLP to the stream',
  );

/** Groups the additions to the stream into layers. Throws `GraphError` where they are not attention and MLP in turn. */
export function assembleBlocks(flow: Flow, facts: Facts, additions: readonly Addition[]): Block[] {
  const blocks: Block[] = [];
  let open: { before: string; middle: string; attention: Attention } | undefined;
  for (const addition of additions) {
    const { before, sum } = addition;
    const parts = partsOf(flow, addition);
    const names = parts.map((p) => `"${p.update.value}"`);
    const [attending, rest] = [parts.filter((p) => p.kernel), parts.filter((p) => !p.kernel)];
    const after = sum.node.output[sum.output]!;
    const attention = attending[0]?.kernel && {
      update: attending[0].update,
      kernel: attending[0].kernel,
      z: findZ(flow, facts, attending[0].kernel),
      keyWidth: keyWidth(flow, before, attending[0].kernel),
    };
    if (attending.length > 1 || rest.length > 1 || parts.length === 0)
      throw odd(blocks.length, `${attending.length} attentions and ${rest.length} MLPs in one addition`, names);
    if (attention && rest[0]) {
      if (open) throw odd(blocks.length, 'an attention without MLP before a parallel block', names);
      blocks.push({ before, after, attention, mlp: rest[0].update });
    } else if (attention) {
      if (open) throw odd(blocks.length, 'two attentions without an MLP between them', names);
      open = { before, middle: after, attention };
    } else {
      if (!open) throw odd(blocks.length, 'no attention was found before the MLP', names);
      blocks.push({ ...open, after, mlp: rest[0]!.update });
      open = undefined;
    }
  }
  if (open) throw odd(blocks.length, 'the last attention has no MLP', [open.middle]);
  return blocks;
}
