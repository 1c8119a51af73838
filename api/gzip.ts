import { negotiate } from './negotiate.ts';

/** Smaller bodies gain nothing. */
const SMALLEST = 1024;

/** True when a reader takes gzip and a body is worth it. */
export function wantsGzip(header: string | undefined, bytes: number): boolean {
  if (bytes < SMALLEST || !header) return false;
  // The same choice as between media types, with codings as types of one family.
  const codings = header.replaceAll(/(^|,)\s*([^\s;,/]+)/g, '$1coding/$2');
  return negotiate(codings, ['coding/gzip']) !== null;
}

export async function gzip(body: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([body as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
