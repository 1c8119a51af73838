import { openStore } from '../../activations/index.ts';
import { TOKEN_CLASS } from '../../models/types.ts';
import { createEncoder, decodeScaled, loadSae, type Measures, measure, prepare } from '../../sae/index.ts';

/** Figures of a dictionary by class of token; a class without tokens is left out. */
export type Evaluation = Readonly<Record<string, Measures>>;

/** Measures a dictionary on the rows `[0, most)` of one layer of harvest folders. */
export async function evaluate(
  folder: string,
  stores: readonly string[],
  layer: number,
  most: number,
): Promise<Evaluation> {
  const sae = await loadSae(folder);
  const store = await openStore(stores);
  const tokens = Math.min(most, store.meta.tokens);
  const x = await store.rows(layer, 0, tokens);
  const encoder = await createEncoder(sae);
  const f = await encoder.encodeSparse(x, tokens);
  await encoder.close();
  const all = { d: sae.d, n: sae.n, u: prepare(sae, x).u, uHat: decodeScaled(sae, f), f };
  const everyone = Array.from({ length: tokens }, (_, t) => t);
  const groups = Object.entries({ all: undefined, image: TOKEN_CLASS.image, text: TOKEN_CLASS.text }).map(
    ([name, wanted]) =>
      [name, everyone.filter((t) => wanted === undefined || store.table.class[t] === wanted)] as const,
  );
  return Object.fromEntries(
    groups.filter(([, members]) => members.length > 0).map(([name, members]) => [name, measure(all, members)]),
  );
}
