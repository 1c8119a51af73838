import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../errors.ts';
import { GraphBuilder } from '../onnx/build.ts';
import { EditableGraph } from '../onnx/graph.ts';
import { readModel } from '../onnx/model.ts';
import { f32 } from '../tensor.ts';
import { type DecoderStyle, renamed, SIZES, testDecoder } from '../testing/decoder.ts';
import { findAnatomy, type GraphAnatomy } from './index.ts';

const anatomyOf = async (source: string | Uint8Array): Promise<GraphAnatomy> =>
  findAnatomy(new EditableGraph(await readModel(source)));

const STYLES: Record<string, DecoderStyle> = {
  'llama, plain': { ops: 'plain', norm: 'rms' },
  'llama, fused': { ops: 'fused', norm: 'rms' },
  'llama, fused, packed, embeddings': { ops: 'fused', norm: 'rms', packed: true, tokens: 'embeddings' },
  'phi-3, plain, packed': { ops: 'plain', norm: 'rms', packed: true },
  'qwen3, plain': { ops: 'plain', norm: 'rms', headNorm: true },
  'qwen3, fused': { ops: 'fused', norm: 'rms', headNorm: true },
  'gemma 2, plain': { ops: 'plain', norm: 'rms', postNorm: true, softcap: 4 },
  'gemma 2, fused': { ops: 'fused', norm: 'rms', postNorm: true, softcap: 4 },
  'gpt-2, plain': { ops: 'plain', norm: 'layer', packed: true, learnedPositions: true },
  'gpt-neox, plain': { ops: 'plain', norm: 'layer', parallel: true },
  'gpt-neox, fused': { ops: 'fused', norm: 'layer', parallel: true },
};

describe('sites by structure', () => {
  for (const [name, style] of Object.entries(STYLES))
    it(name, async () => {
      const anatomy = await anatomyOf(testDecoder(style));
      const { layers, dModel, heads, kvHeads, dHead, vocab } = anatomy;
      const { hidden, ...sizes } = SIZES;
      expect({ layers, dModel, heads, kvHeads, dHead, vocab }).toEqual(sizes);
      expect(anatomy.tokens).toEqual({ input: 'tokens', kind: style.tokens ?? 'ids' });
      const block = (l: number) => [
        `blocks.${l}.hook_resid_pre`,
        `blocks.${l}.attn.hook_pattern`,
        `blocks.${l}.attn.hook_z`,
        `blocks.${l}.hook_attn_out`,
        ...(style.parallel ? [] : [`blocks.${l}.hook_resid_mid`]),
        `blocks.${l}.hook_mlp_out`,
        `blocks.${l}.hook_resid_post`,
      ];
      const embed = style.tokens === 'embeddings' ? [] : ['hook_embed'];
      expect(anatomy.sites.filter((s) => !/hook_[qkv]$/.test(s))).toEqual([
        ...embed,
        ...block(0),
        ...block(1),
        'ln_final',
        'logits',
      ]);
      expect(anatomy.inputs.map(({ role }) => role)).toEqual(['tokens', 'mask']);
    });
});

describe('renaming every node and tensor changes nothing', () => {
  const check = async (bytes: Uint8Array) => {
    const before = await anatomyOf(bytes);
    const { bytes: other, names } = renamed(bytes, (_, i) => `t${(i * 7919) % 100_003}`);
    const after = await anatomyOf(other);
    expect(after.sites).toEqual(before.sites);
    expect(after.tokens).toEqual({ ...before.tokens, input: names.get(before.tokens.input) });
    expect(after.inputs.map((i) => [i.name, i.role])).toEqual(before.inputs.map((i) => [names.get(i.name), i.role]));
    for (const [site, place] of before.places) {
      const other = after.places.get(site)!;
      // a sum that had no name was given a fresh one in both
      if (names.has(place.value)) expect(other.value, site).toBe(names.get(place.value));
      expect({ ...other, value: '', bias: '' }).toEqual({ ...place, value: '', bias: '' });
    }
  };
  for (const [name, style] of Object.entries(STYLES)) it(name, () => check(testDecoder(style)));
  for (const file of ['base/onnx/model.onnx', 'tuned/onnx/decoder_model_merged.onnx'])
    it(`fixtures/demo/${file}`, async () => check(await readFile(`fixtures/demo/${file}`)));
  const golden = '../shared/golden/graphs/models';
  for (const model of [
    'gpt2-a-plain',
    'llama-a-plain',
    'llama-a-fused',
    'llama-a-embeds',
    'llama-a-int4',
    'qwen2-a-plain',
    'qwen2-a-fused',
  ])
    it.skipIf(!existsSync(golden))(`golden ${model}`, async () => check(await readFile(`${golden}/${model}.onnx`)));
});

it('keys scaled by a number in the type of queries stay keys', async () => {
  const bytes = testDecoder({ ops: 'plain', norm: 'rms' });
  const before = await anatomyOf(bytes);
  const graph = new EditableGraph(await readModel(bytes));
  for (const softmax of [...graph.nodes].filter((n) => n.opType === 'Softmax')) {
    let scores = graph.producer(softmax.input[0]!)!;
    while (scores.opType !== 'MatMul') scores = graph.producer(scores.input[0]!)!;
    const scale = graph.op('CastLike', [graph.addConstant(f32([1], [])), scores.input[0]!]);
    graph.setInput(scores, 1, graph.op('Mul', [scores.input[1]!, scale]));
  }
  const after = await anatomyOf(graph.toBytes());
  expect(after.sites).toEqual(before.sites);
  expect(after.places.get('blocks.1.attn.hook_k')).toEqual(before.places.get('blocks.1.attn.hook_k'));
});

describe('what is no decoder that it knows', () => {
  it('names the nearest candidates', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', ['batch', 4]);
    const w = g.constant(f32(new Float32Array(16), [4, 4]));
    g.output(g.op('MatMul', [g.op('Relu', [x]), w]), 'y', 'float32', ['batch', 4]);
    await expect(anatomyOf(g.toBytes())).rejects.toThrowError(GraphError);
    await expect(anatomyOf(g.toBytes())).rejects.toMatchObject({ code: 'unsupported', message: /candidates: \w+ "/ });
  });

  it('gives up on a graph that would be searched for ever', async () => {
    const g = new GraphBuilder();
    const ids = g.input('ids', 'int64', ['batch', 'pos']);
    const w = g.constant(f32(new Float32Array(4), [2, 2]));
    const start = g.op('Gather', [w, ids]);
    // everything passes through the start, which is found by walking all ways down at once
    const ways = Array.from({ length: 8000 }, () => g.op('Relu', [start]));
    g.output(g.op('MatMul', [g.op('Concat', ways, { axis: -1 }), w]), 'logits', 'float32', ['batch', 'pos', 2]);
    await expect(anatomyOf(g.toBytes())).rejects.toMatchObject({ code: 'limit' });
  });

  it('refuses a block without attention', async () => {
    const g = new GraphBuilder();
    const ids = g.input('ids', 'int64', ['batch', 'pos']);
    const w = (a: number, b: number) => g.constant(f32(new Float32Array(a * b), [a, b]));
    const stream = g.op('Gather', [w(5, 4), ids]);
    const norm = (v: string) => g.op('SimplifiedLayerNormalization', [v, g.constant(f32([1, 1, 1, 1]))]);
    const after = g.op('Add', [stream, g.op('MatMul', [norm(stream), w(4, 4)])]);
    g.output(g.op('MatMul', [norm(after), w(4, 5)]), 'logits', 'float32', ['batch', 'pos', 5]);
    await expect(anatomyOf(g.toBytes())).rejects.toMatchObject({
      code: 'unsupported',
      message: /block 0: no attention/,
    });
  });
});
