import { GraphError } from '../errors.ts';

/** ONNX field numbers that the scan needs. */
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;

const malformed = (at: number) =>
  new GraphError('malformed', `not an ONNX file: broken protobuf at byte ${at}`, 'export or download the file again');

interface Field {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** The fields of one protobuf message, without decoding them. */
function* fields(bytes: Uint8Array, from: number, to: number): Generator<Field> {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = at < to ? bytes[at]! : -1;
      if (byte < 0) throw malformed(at);
      at += 1;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw malformed(at);
  };
  while (at < to) {
    const tag = varint();
    const wire = tag & 7;
    const start = at;
    let end: number;
    if (wire === 0) {
      varint();
      end = at;
    } else if (wire === 1) end = at + 8;
    else if (wire === 5) end = at + 4;
    else if (wire === 2) {
      const length = varint();
      yield { number: Math.floor(tag / 8), from: at, to: at + length };
      end = at + length;
    } else throw malformed(start);
    if (end > to) throw malformed(start);
    at = end;
  }
}

/** Number of nodes of the main graph, counted without decoding a file that may be hostile. Throws `GraphError`. */
export function countNodes(bytes: Uint8Array): number {
  let nodes = 0;
  for (const field of fields(bytes, 0, bytes.byteLength))
    if (field.number === MODEL_GRAPH) {
      if (field.to > bytes.byteLength) throw malformed(field.from);
      for (const inner of fields(bytes, field.from, field.to)) if (inner.number === GRAPH_NODE) nodes += 1;
    }
  return nodes;
}
