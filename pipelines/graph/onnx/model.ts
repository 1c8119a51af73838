import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from 'onnx-buf';
import { checkRanges, externalReader, readModelFile } from '#files';
import { GraphError } from '../errors.ts';
import { checkModel } from './check.ts';
import { externalRange, type ReadExternal } from './values.ts';
import { countNodes } from './wire.ts';

/** A parsed ONNX file. Weights stay where they are: in `folder`, or as views of the bytes given. */
export interface OnnxModel {
  readonly proto: ModelProto & { graph: GraphProto };
  /** Folder of external weights; pass it to `openSession` as `externalFolder`. */
  readonly folder?: string;
  readonly external?: ReadExternal;
}

/** More nodes than any decoder has; a file beyond it is refused before it is decoded. */
export const MAX_NODES = 250_000;
/** Weights at least this long stay in the file; shorter ones are kept in memory. */
const INLINE_BYTES = 4096;

function decode(bytes: Uint8Array): OnnxModel['proto'] {
  const nodes = countNodes(bytes);
  if (nodes > MAX_NODES)
    throw new GraphError('limit', `the graph has ${nodes} nodes, at most ${MAX_NODES} are read`, 'open a decoder');
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GraphError('malformed', `not an ONNX file: ${why}`, 'export or download the file again', { cause });
  }
  if (!proto.graph) throw new GraphError('malformed', 'not an ONNX file: it holds no graph', 'give an ONNX model');
  return proto as OnnxModel['proto'];
}

/**
 * Turns raw weights that are views of a file's bytes into references to that file, so that an edited graph is
 * written without them and the bytes can be freed.
 */
function externalise(tensors: readonly TensorProto[], file: Uint8Array, location: string): void {
  for (const tensor of tensors) {
    const { rawData } = tensor;
    if (rawData.buffer !== file.buffer || rawData.byteLength === 0) continue;
    if (rawData.byteLength < INLINE_BYTES) {
      tensor.rawData = new Uint8Array(rawData);
      continue;
    }
    const entry = {
      location,
      offset: String(rawData.byteOffset - file.byteOffset),
      length: String(rawData.byteLength),
    };
    tensor.externalData = Object.entries(entry).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    );
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.rawData = new Uint8Array();
  }
}

/**
 * Reads and checks an ONNX model. By path, the weights stay in the file or its external data and are read when asked
 * for; by bytes, they are views of those bytes.
 *
 * @param options.folder of external data, where the model is given as bytes
 * @throws GraphError `malformed`, `limit`, `unsupported`, `not-found`
 */
export async function readModel(
  source: string | Uint8Array,
  options: { readonly folder?: string } = {},
): Promise<OnnxModel> {
  let bytes: Uint8Array;
  let { folder } = options;
  let location = '';
  if (typeof source === 'string') {
    ({ bytes, folder, location } = await readModelFile(source));
  } else bytes = source;
  const proto = decode(bytes);
  checkModel(proto);
  const tensors = proto.graph.initializer;
  if (location) externalise(tensors, bytes, location);
  const ranges = tensors.flatMap((t) => externalRange(t) ?? []);
  if (ranges.length === 0) return { proto };
  if (!folder)
    throw new GraphError('argument', `the model keeps weights in "${ranges[0]!.location}"`, 'open it by its path');
  checkRanges(folder, ranges);
  return { proto, folder, external: externalReader(folder) };
}

/** The bytes of a model; external weights stay outside, in `model.folder`. */
export const writeModel = (model: Pick<OnnxModel, 'proto'>): Uint8Array => toBinary(ModelProtoSchema, model.proto);
