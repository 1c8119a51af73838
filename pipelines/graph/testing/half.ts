import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { halfToNumber, numberToHalf } from '../onnx/values.ts';

const [FLOAT, HALF] = [1, 10];

/** Every float32 weight of a model put through `put`, which gives its bytes and their element type. */
function weights(
  bytes: Uint8Array,
  put: (floats: Float32Array) => { data: Uint8Array<ArrayBuffer>; type: number },
): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  for (const tensor of model.graph!.initializer) {
    if (tensor.dataType !== FLOAT) continue;
    const { data, type } = put(new Float32Array(tensor.rawData.slice().buffer));
    [tensor.rawData, tensor.dataType] = [data, type];
  }
  for (const { type } of model.graph!.output)
    if (type?.value.case === 'tensorType') type.value.value.elemType = put(new Float32Array()).type;
  return toBinary(ModelProtoSchema, model);
}

/** The model in half precision: weights, values and logits. */
export const inHalf = (bytes: Uint8Array): Uint8Array =>
  weights(bytes, (floats) => ({ data: new Uint8Array(Uint16Array.from(floats, numberToHalf).buffer), type: HALF }));

/** The same weights, rounded to half precision, in a model of float32. */
export const roundedToHalf = (bytes: Uint8Array): Uint8Array =>
  weights(bytes, (floats) => ({
    data: new Uint8Array(floats.map((x) => halfToNumber(numberToHalf(x))).buffer),
    type: FLOAT,
  }));
