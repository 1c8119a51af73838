import type { GraphAnatomy } from './anatomy/index.ts';
import type { Sizes } from './feeds.ts';
import { feedsFor } from './groups.ts';
import type { Session } from './session.ts';
import { rows, someInputs } from './stack.ts';
import { f32, sizeOf, type Tensor } from './tensor.ts';

/** Floats of the residual stream that a core's cache holds beside the layer that works on them. */
const STREAM = 2 ** 16;
/** Rows of which a product of matrices takes all that a core can do. */
const FEW = 256;

/** Sequences that a forward pass takes at once, so that what one operator writes the next one still finds in the cache. */
export const sequencesPerPass = ({ dModel }: GraphAnatomy, { pos }: Sizes, threads = 1): number =>
  Math.max(1, Math.floor((threads * Math.max(FEW, STREAM / dModel)) / pos));

/** Whether the sequences of a batch can be taken apart: every input that belongs to them has them as first axis. */
const separable = ({ inputs }: GraphAnatomy): boolean => inputs.every(({ dims }) => dims.length <= 4);

type Values = Record<string, Tensor>;

/** Shapes that a session's outputs had when its inputs last had these shapes. */
const seen = new WeakMap<Session, { readonly key: string; readonly outputs: Values }>();

/**
 * Runs a batch; where memory for its outputs is given, in parts and into that memory. (Fresh memory would cost more than the parts
 * gain: its pages are far from the cache.)
 * @param shared inputs that all sequences share
 * @param into memory by output; what does not fit is left alone
 */
export async function runInParts(
  session: Session,
  anatomy: GraphAnatomy,
  sizes: Sizes,
  shared: ReadonlySet<string>,
  all: Readonly<Values>,
  into: ReadonlyMap<string, Float32Array>,
  threads = 1,
): Promise<Values> {
  const { batch } = sizes;
  const feeds = feedsFor(session, all);
  if (into.size === 0) return session.run(feeds);
  const step = separable(anatomy) ? Math.min(batch, sequencesPerPass(anatomy, sizes, threads)) : batch;
  const part = (from: number) =>
    step < batch ? someInputs(feeds, from, Math.min(batch, from + step), batch, shared) : feeds;
  const key = JSON.stringify(Object.entries(part(0)).map(([name, { dims }]) => [name, dims]));
  const known = seen.get(session);
  const first = known?.key === key ? undefined : await session.run(part(0));
  const outputs = first ?? known!.outputs;
  if (first) {
    const shapes = Object.entries(first).map(([name, { dims }]) => [name, f32([], dims)] as const);
    seen.set(session, { key, outputs: Object.fromEntries(shapes) });
  }
  const whole: Values = Object.fromEntries(
    Object.entries(outputs).map(([name, { dims }]) => {
      const full = step < batch ? [(dims[0]! / step) * batch, ...dims.slice(1)] : dims;
      const given = into.get(name);
      return [name, f32(given?.length === sizeOf(full) ? given : new Float32Array(sizeOf(full)), full)];
    }),
  );
  for (let from = 0; from < batch; from += step) {
    const to = Math.min(batch, from + step);
    const target = Object.entries(whole).map(([name, tensor]) => {
      const each = tensor.dims[0]! / batch;
      return [name, step < batch ? rows(tensor, from * each, to * each) : tensor] as const;
    });
    if (first && from === 0) for (const [name, t] of target) t.data.set(first[name]!.data as never);
    else await session.run(part(from), undefined, Object.fromEntries(target));
  }
  return whole;
}
