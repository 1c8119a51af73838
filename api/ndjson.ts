import { COMMON, FOREVER } from './headers.ts';

const PART = 4096;

/** A stream of lines, made part by part as the reader takes them. It has no ETag: its bytes are not known beforehand. */
export function ndjson(
  ordinals: readonly number[],
  rows: (part: readonly number[]) => Promise<readonly unknown[]>,
): Response {
  const encoder = new TextEncoder();
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = ordinals.slice(at, at + PART);
      at += PART;
      if (part.length === 0) return controller.close();
      const lines = (await rows(part)).map((row) => `${JSON.stringify(row)}\n`);
      controller.enqueue(encoder.encode(lines.join('')));
    },
  });
  return new Response(stream, {
    headers: { ...COMMON, 'content-type': 'application/x-ndjson', 'cache-control': FOREVER, vary: 'accept' },
  });
}
