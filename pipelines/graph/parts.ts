import type { GraphAnatomy } from './anatomy/index.ts';
import type { Sizes } from './feeds.ts';
import { feedsFor } from './groups.ts';
import type { Session } from './session.ts';
import { rows, someInputs } from './stack.ts';
import { sizeOf, type Tensor, uninitialised } from './tensor.ts';

/** Floats of the residual stream that a processor's cache holds beside the layer that works on them. */
const STREAM = 2 ** 16;
/** Rows of which a product of matrices takes all that a core can do. */
const FEW = 256;

/** Sequences that a forward pass takes at once, so that what one operator writes the next one still finds in the cache. */
export const sequencesPerPass = ({ dModel }: GraphAnatomy, { pos }: Sizes): number =>
  Math.max(1, Math.floor(Math.max(FEW, STREAM / dModel) / pos));

/** Whether the sequences of a batch can be taken apart: every input that belongs to them has them as first axis. */
const separable = ({ inputs }: GraphAnatomy): boolean => inputs.every(({ dims }) => dims.length <= 4);

type Values = Record<string, Tensor>;

/** Shapes that a session's outputs had when its inputs last had these shapes. */
const seen = new WeakMap<Session, { readonly key: string; readonly outputs: Values }>();

/**
 * Runs a batch, in parts where that is faster, and gives outputs in memory of their own.
 * @param shared inputs that all sequences share
 */
export async function runInParts(
  session: Session,
  anatomy: GraphAnatomy,
  sizes: Sizes,
  shared: ReadonlySet<string>,
  all: Readonly<Values>,
): Promise<Values> {
  const { batch } = sizes;
  const feeds = feedsFor(session, all);
  const step = separable(anatomy) ? Math.min(batch, sequencesPerPass(anatomy, sizes)) : batch;
  const part = (from: number) => someInputs(feeds, from, Math.min(batch, from + step), batch, shared);
  const start = step < batch ? part(0) : feeds;
  const key = JSON.stringify(Object.entries(start).map(([name, { dims }]) => [name, dims]));
  const known = seen.get(session);
  const first = known?.key === key ? undefined : await session.run(start);
  const outputs = first ?? known!.outputs;
  if (first) {
    const shapes = Object.entries(first).map(([name, t]) => [name, { ...t, data: uninitialised(t.type, 0) } as Tensor]);
    seen.set(session, { key, outputs: Object.fromEntries(shapes) });
    if (step === batch) return first;
  }
  const whole: Values = Object.fromEntries(
    Object.entries(outputs).map(([name, { type, dims }]) => {
      const full = step < batch ? [(dims[0]! / step) * batch, ...dims.slice(1)] : dims;
      return [name, { type, dims: full, data: uninitialised(type, sizeOf(full)) } as Tensor];
    }),
  );
  for (let from = 0; from < batch; from += step) {
    const to = Math.min(batch, from + step);
    const into = Object.entries(whole).map(([name, tensor]) => {
      const each = tensor.dims[0]! / batch;
      return [name, step < batch ? rows(tensor, from * each, to * each) : tensor] as const;
    });
    if (first && from === 0) for (const [name, t] of into) t.data.set(first[name]!.data as never);
    else await session.run(step < batch ? part(from) : feeds, undefined, Object.fromEntries(into));
  }
  return whole;
}
