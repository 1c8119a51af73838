/** Bytes asked for at a time beyond what was expected. */
export const PIECE = 256 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** The pieces of a body in order, each of at most so many bytes where the stream can be told. */
interface Pieces {
  next(most: number): Promise<Bytes | undefined>;
  cancel(): Promise<void>;
}

/** A Worker hands out 4 kB a read, each at the cost of a turn, unless it is told how many bytes are wanted. */
function askedPieces(body: ReadableStream<Bytes>): Pieces {
  const reader = body.getReader({ mode: 'byob' });
  return {
    async next(most) {
      const { value } = await reader.read(new Uint8Array(most), { min: most });
      // A short piece would keep all the memory that was meant for it.
      return value && value.byteLength < most ? value.slice() : value;
    },
    cancel: () => reader.cancel(),
  };
}

/** Of a stream that chooses the size of its pieces itself. */
function givenPieces(body: ReadableStream<Bytes>): Pieces {
  const reader = body.getReader();
  return { next: async () => (await reader.read()).value, cancel: () => reader.cancel() };
}

function piecesOf(body: ReadableStream<Bytes>): Pieces {
  try {
    return askedPieces(body);
  } catch {
    return givenPieces(body);
  }
}

/**
 * The first `limit` bytes of a body, or all where there are fewer; the rest is not read.
 * @param expected bytes at which the body probably ends: memory for them is taken at once, for more as it comes
 */
export async function readBody(body: ReadableStream<Bytes> | null, limit: number, expected = PIECE): Promise<Bytes> {
  if (!body) return new Uint8Array();
  const { next, cancel } = piecesOf(body);
  const pieces: Bytes[] = [];
  let total = 0;
  for (let most = expected; total < limit; most = PIECE) {
    const piece = await next(Math.min(most, limit - total));
    if (!piece?.byteLength) break;
    pieces.push(piece);
    total += piece.byteLength;
  }
  if (total >= limit) await cancel();
  return joined(pieces, total).subarray(0, limit);
}

function joined(pieces: readonly Bytes[], total: number): Bytes {
  if (pieces.length === 1) return pieces[0]!;
  const out = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.byteLength;
  }
  return out;
}
