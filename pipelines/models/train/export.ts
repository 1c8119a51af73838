import { create } from '@bufbuild/protobuf';
import { type NodeProto, type TensorProto, TensorProtoSchema } from 'onnx-buf';
import { GraphError } from '#graph/errors.ts';
import { type OnnxModel, readModel, writeModel } from '#graph/onnx/model.ts';
import { type ReadExternal, rawBytes, tensorValue } from '#graph/onnx/values.ts';
import { sizeOf } from '#graph/tensor.ts';
import type { Weights } from './init.ts';
import type { ParameterTable } from './shapes.ts';

/** How a tensor of a graph comes from parameters: named parts, each as it is or transposed, side by side. */
interface Source {
  readonly parts: readonly string[];
  readonly turned: boolean;
}

/** Tensors of the graphs of onnxruntime-genai, by their names there. */
function fused(name: string): Source | undefined {
  if (name === 'lm_head.MatMul.weight') return { parts: ['model.embed_tokens.weight'], turned: true };
  if (name === 'embed_tokens.weight') return { parts: ['model.embed_tokens.weight'], turned: false };
  if (/^model\.layers\.\d+\.final_norm_layernorm\.weight$/.test(name))
    return { parts: ['model.norm.weight'], turned: false };
  const at = /^(model\.layers\.\d+)\.(attn|mlp)\.(\w+)\.MatMul\.weight$/.exec(name);
  if (!at) return undefined;
  const [, layer, part, map] = at as unknown as [string, string, string, string];
  if (map === 'qkv_proj')
    return { parts: ['q', 'k', 'v'].map((x) => `${layer}.self_attn.${x}_proj.weight`), turned: true };
  return { parts: [`${layer}.${part === 'attn' ? 'self_attn' : part}.${map}.weight`], turned: true };
}

/** The parameter of an anonymous weight of a PyTorch export, from the path that its product is named by. */
function byPath(name: string, users: readonly NodeProto[]): Source | undefined {
  const [user] = users;
  if (users.length !== 1 || user?.opType !== 'MatMul' || !name.startsWith('onnx::')) return undefined;
  const path = user.name.split('/').slice(1, -1);
  return { parts: [`${path.join('.')}.weight`], turned: true };
}

/** Names that the projector has in graphs, in place of Hugging Face's. */
const renamed = (name: string) =>
  name.replace(
    /^multi_modal_projector\.(?:multi_modal_projector\.)?([02])\./,
    (_, i: string) => `multi_modal_projector.linear_${i === '0' ? 1 : 2}.`,
  );

/** `[out, in]` maps side by side as one `[in, sum of out]`. */
function sideBySide(parts: readonly Float32Array[], into: number): Float32Array {
  const outs = parts.map((part) => part.length / into);
  const width = outs.reduce((a, b) => a + b, 0);
  const joined = new Float32Array(into * width);
  let from = 0;
  parts.forEach((part, n) => {
    for (let o = 0; o < outs[n]!; o += 1)
      for (let i = 0; i < into; i += 1) joined[i * width + from + o] = part[o * into + i]!;
    from += outs[n]!;
  });
  return joined;
}

/** Parameters that each initializer of a template is made of. */
function sourcesOf({ proto: { graph } }: OnnxModel): { readonly tensor: TensorProto; readonly source: Source }[] {
  const users = new Map<string, NodeProto[]>();
  for (const node of graph.node) for (const input of node.input) users.set(input, [...(users.get(input) ?? []), node]);
  return graph.initializer.map((tensor) => {
    const { name } = tensor;
    const found = fused(name) ?? byPath(name, users.get(name) ?? []) ?? { parts: [name], turned: false };
    return { tensor, source: { ...found, parts: found.parts.map(renamed) } };
  });
}

const elements = (tensor: TensorProto) => tensor.dims.reduce((a, b) => a * Number(b), 1);
const refuse = (why: string): never => {
  throw new GraphError('unsupported', why, 'use a template of the same shape');
};

function filled(tensor: TensorProto, { parts, turned }: Source, found: readonly Float32Array[]): TensorProto {
  if (found.reduce((sum, part) => sum + part.length, 0) !== elements(tensor))
    refuse(`the template's "${tensor.name}" has ${elements(tensor)} elements, ${parts.join(' and ')} has not`);
  const data = turned ? sideBySide(found, Number(tensor.dims[0]!)) : found[0]!;
  const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return create(TensorProtoSchema, { name: tensor.name, dims: tensor.dims, dataType: 1, rawData });
}

/**
 * A graph of the same shape with other weights: the template's structure, `weights` in the place of its initializers. What is no
 * parameter (caches, constants) stays; with `keep`, so does every parameter that `weights` lacks.
 *
 * @throws GraphError `unsupported` where a large initializer is no known parameter, or a parameter has another size there
 */
export async function fillTemplate(
  template: string,
  weights: Weights,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<Uint8Array> {
  const model = await readModel(template);
  model.proto.graph.initializer = sourcesOf(model).map(({ tensor, source }) => {
    const found = source.parts.flatMap((name) => weights[name] ?? []);
    if (found.length === source.parts.length) return filled(tensor, source, found);
    if (!keep && !FIXED.test(tensor.name) && elements(tensor) >= SMALL)
      refuse(`the template's "${tensor.name}" is no parameter of this model`);
    return inside(tensor, model.external);
  });
  return writeModel(model);
}

/** The parameters of a graph, by Hugging Face's names: what `fillTemplate` writes, read back. */
export async function readTemplate(template: string, table: ParameterTable): Promise<Weights> {
  const model = await readModel(template);
  const weights: Record<string, Float32Array> = {};
  for (const { tensor, source } of sourcesOf(model)) {
    if (source.parts.some((name) => !table[name])) continue;
    const data = tensorValue(tensor, model.external).data as Float32Array;
    const into = Number(tensor.dims[0]!);
    const width = data.length / into;
    let from = 0;
    for (const name of source.parts) {
      const size = sizeOf(table[name]!);
      const out = size / into;
      weights[name] = source.turned
        ? Float32Array.from({ length: size }, (_, at) => data[(at % into) * width + from + Math.floor(at / into)]!)
        : Float32Array.from(data);
      from += out;
    }
  }
  return weights;
}

/** Tensors that the shape alone decides. */
const FIXED = /^(cos_cache|sin_cache)$/;
/** Constants that are no weights are shorter than this. */
const SMALL = 32;

/** A tensor with its bytes inside. */
function inside(tensor: TensorProto, external: ReadExternal | undefined): TensorProto {
  if (tensor.dataLocation !== 1) return tensor;
  const rawData = new Uint8Array(rawBytes(tensor, external)!);
  return create(TensorProtoSchema, { name: tensor.name, dims: tensor.dims, dataType: tensor.dataType, rawData });
}
