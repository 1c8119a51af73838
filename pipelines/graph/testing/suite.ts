import { openDecoder } from '../decoder.ts';
import { openForward } from '../forward.ts';
import type { Session } from '../session.ts';
import { f32, i64, type Tensor } from '../tensor.ts';
import type { Decoder, Device, Intervention } from '../types.ts';

const BATCH = 2;
const POS = 6;
const SIZE = BATCH * POS;

/** Tokens that every decoder has. */
export function inputsOf({ anatomy: { tokens, dModel, vocab } }: Decoder, seed = 1): Record<string, Tensor> {
  const ids = Array.from({ length: SIZE }, (_, i) => (i * 7 + seed) % vocab);
  const rows = Float32Array.from({ length: SIZE * dModel }, (_, i) => Math.sin(i + seed));
  return { [tokens.input]: tokens.kind === 'ids' ? i64(ids, [BATCH, POS]) : f32(rows, [BATCH, POS, dModel]) };
}

const INTERVENTIONS: readonly Intervention[] = [
  { at: 'blocks.0.attn.hook_z', op: 'zero', head: 1, positions: [1, 3] },
  { at: 'blocks.0.hook_resid_post', op: 'add', value: f32([0.5]), positions: [2] },
  { at: 'blocks.1.hook_attn_out', op: 'set', value: f32([0.25]), positions: [0] },
];
const WRT = ['blocks.0.attn.hook_z', 'blocks.1.attn.hook_z'];

export interface Answers {
  /** Every site of a run, of a run with interventions, and the gradients, by name. */
  readonly values: Readonly<Record<string, Tensor<'float32'>>>;
  /** Where the nodes of a forward pass to the logits run. */
  readonly placement: Session['placement'];
}

/** What one decoder gives on one device: every device must give the same. Throws `GraphError`. */
export async function answersOf(source: string | Uint8Array, device: Device): Promise<Answers> {
  const decoder = await openDecoder(source, { device });
  const { sites, dModel } = decoder.anatomy;
  const inputs = inputsOf(decoder);
  const named = (kind: string, values: Readonly<Record<string, Tensor<'float32'>>>) =>
    Object.entries(values).map(([site, tensor]) => [`${kind} ${site}`, tensor] as const);
  const metric = {
    at: 'blocks.1.hook_resid_post',
    direction: f32(
      Float32Array.from({ length: dModel }, (_, i) => Math.cos(i)),
      [1, dModel],
    ),
    mask: f32(new Float32Array(SIZE).fill(1), [BATCH, POS]),
    activation: 'identity' as const,
  };
  const values = Object.fromEntries([
    ...named('tap', await decoder.run(inputs, { taps: sites })),
    ...named('changed', await decoder.run(inputs, { taps: sites, interventions: INTERVENTIONS })),
    ...named('gradient', (await decoder.gradient(inputs, metric, WRT)).grads),
  ]);
  await decoder.close();
  const forward = await openForward(source, { device });
  const session = await forward.open(forward.edited(['logits']).copy);
  const { placement } = session;
  await session.close();
  return { values, placement };
}

/** The largest difference of two tensors over the largest value; infinite where shapes differ or a value is no number. */
export function errorOf(got: Pick<Tensor, 'dims' | 'data'>, expected: Pick<Tensor, 'dims' | 'data'>): number {
  if (String(got.dims) !== String(expected.dims)) return Infinity;
  const [a, b] = [got.data as Float32Array, expected.data as Float32Array];
  const worst = a.reduce((m, x, i) => Math.max(m, Number.isNaN(x) ? Infinity : Math.abs(x - b[i]!)), 0);
  return worst / b.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
}
