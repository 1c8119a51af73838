import type { ActivationKind, Sae, TokenNorm } from '../../sae/types.ts';

/**
 * What the browser needs of a dictionary: its encoder alone, float32. Header of one JSON line padded to 4 bytes, then
 * `wEnc [d, n]`, `bEnc [n]`, `bDec [d]` and, where there is one, `threshold`.
 */
interface Header {
  readonly d: number;
  readonly n: number;
  readonly activation: ActivationKind;
  readonly k?: number;
  readonly scale: number;
  readonly applyBDec: boolean;
  readonly norm?: TokenNorm;
  readonly threshold: number;
}

/** The encoder of a dictionary as bytes. Gated dictionaries have more weights than this form keeps. */
export function packEncoder(sae: Omit<Sae, 'wDec' | 'gate'>): Uint8Array {
  const { d, n, activation, k, scale, applyBDec, norm, wEnc, bEnc, bDec, threshold = new Float32Array() } = sae;
  const header: Header = {
    d,
    n,
    activation,
    ...(k === undefined ? {} : { k }),
    scale,
    applyBDec,
    ...(norm ? { norm } : {}),
    threshold: threshold.length,
  };
  const json = JSON.stringify(header);
  const line = new TextEncoder().encode(`${json.padEnd(Math.ceil((json.length + 1) / 4) * 4 - 1)}\n`);
  const parts = [wEnc, bEnc, bDec, threshold];
  const out = new Uint8Array(line.length + 4 * parts.reduce((sum, part) => sum + part.length, 0));
  out.set(line);
  let at = line.length;
  for (const part of parts) {
    out.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return out;
}

/** The dictionary of `packEncoder`, its decoder empty: it can encode, not reconstruct. */
export function unpackEncoder(bytes: Uint8Array): Sae {
  const end = bytes.indexOf(10) + 1;
  const { threshold, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Header;
  const { d, n } = header;
  // A copy by hand: `slice` of Node's Buffer is none.
  const floats = new Float32Array(new Uint8Array(bytes.subarray(end)).buffer);
  let at = 0;
  const take = (length: number) => {
    at += length;
    return floats.subarray(at - length, at);
  };
  const [wEnc, bEnc, bDec] = [take(d * n), take(n), take(d)] as [Float32Array, Float32Array, Float32Array];
  return {
    ...header,
    wEnc,
    bEnc,
    bDec,
    wDec: new Float32Array(),
    ...(threshold ? { threshold: take(threshold) } : {}),
  };
}
