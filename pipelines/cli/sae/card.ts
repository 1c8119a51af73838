import { loadDictionary } from '../../sae/index.ts';

/** Facts of a dictionary that its files alone give; norms are those of decoder rows. */
export type DictionaryCard = Readonly<Record<string, string | number | boolean>>;

export async function dictionaryCard(folder: string): Promise<DictionaryCard> {
  const { sae, format } = await loadDictionary(folder);
  const { d, n, wDec } = sae;
  const norms = Float64Array.from({ length: n }, (_, i) => Math.hypot(...wDec.subarray(i * d, (i + 1) * d))).sort();
  const digits = (x: number) => Number(x.toPrecision(6));
  return {
    format,
    features: n,
    width: d,
    activation: sae.activation,
    ...(sae.k === undefined ? {} : { k: sae.k }),
    scale: digits(sae.scale),
    apply_b_dec: sae.applyBDec,
    token_norm: sae.norm ?? 'none',
    smallest_decoder_norm: digits(norms[0]!),
    largest_decoder_norm: digits(norms[n - 1]!),
  };
}
