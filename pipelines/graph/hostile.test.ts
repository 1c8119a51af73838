import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { openDecoder } from './decoder.ts';
import { GraphError } from './errors.ts';
import { f32, i64 } from './tensor.ts';
import { type DecoderStyle, testDecoder } from './testing/decoder.ts';

const STYLES: readonly DecoderStyle[] = [
  { ops: 'plain', norm: 'rms', headNorm: true },
  { ops: 'fused', norm: 'rms', packed: true, postNorm: true },
  { ops: 'plain', norm: 'layer', parallel: true, learnedPositions: true },
];

/** What a mutation reads its choices from: numbers drawn by the property. */
type Draw = (below: number) => number;

/** Each leaves a protobuf that decodes, of a graph that need not make sense. */
const MUTATIONS: Readonly<Record<string, (model: ModelProto, draw: Draw) => void>> = {
  'another input': ({ graph }, draw) => {
    const node = graph!.node[draw(graph!.node.length)]!;
    const other = graph!.node[draw(graph!.node.length)]!;
    if (node.input.length) node.input[draw(node.input.length)] = other.output[0] ?? '';
  },
  'an input less': ({ graph }, draw) => {
    graph!.node[draw(graph!.node.length)]!.input.pop();
  },
  'an input more': ({ graph }, draw) => {
    const node = graph!.node[draw(graph!.node.length)]!;
    node.input.push(node.input[0] ?? '');
  },
  'another operator': ({ graph }, draw) => {
    const other = graph!.node[draw(graph!.node.length)]!;
    const node = graph!.node[draw(graph!.node.length)]!;
    [node.opType, node.domain] = [other.opType, other.domain];
  },
  'another domain': ({ graph }, draw) => {
    graph!.node[draw(graph!.node.length)]!.domain = ['', 'com.microsoft', 'ai.onnx.ml'][draw(3)]!;
  },
  'a node less': ({ graph }, draw) => {
    graph!.node.splice(draw(graph!.node.length), 1);
  },
  'another shape of a weight': ({ graph }, draw) => {
    const { dims } = graph!.initializer[draw(graph!.initializer.length)]!;
    if (dims.length > 1) dims.reverse();
    else dims.unshift(1n);
  },
  'another type of a weight': ({ graph }, draw) => {
    graph!.initializer[draw(graph!.initializer.length)]!.dataType = [1, 6, 7, 10, 11, 99][draw(6)]!;
  },
  'numbers of a weight': ({ graph }, draw) => {
    const { rawData } = graph!.initializer[draw(graph!.initializer.length)]!;
    if (rawData.length) rawData[draw(rawData.length)] = draw(256);
  },
  'another attribute': ({ graph }, draw) => {
    const { attribute } = graph!.node[draw(graph!.node.length)]!;
    const one = attribute[draw(Math.max(1, attribute.length))];
    if (!one) return;
    one.i = [-(2n ** 62n), -1n, 0n, 1n, 7n, 2n ** 40n][draw(6)]!;
    one.f = [Number.NaN, -1, 0, 1e30][draw(4)]!;
    one.ints = one.ints.toReversed();
  },
  'no attributes': ({ graph }, draw) => {
    graph!.node[draw(graph!.node.length)]!.attribute = [];
  },
  'another shape of an input': ({ graph }, draw) => {
    const type = graph!.input[draw(graph!.input.length)]!.type?.value;
    if (type?.case === 'tensorType') type.value.shape?.dim.pop();
  },
};

/** What one graph may take, opened and run: far more than a sound one does, far less than a search without end. */
const SECONDS = 20;
const BYTES = 2 ** 30;

/** What a promise gives; nothing where it ends in a typed error. Any other error passes through. */
const typed = async <T>(promise: Promise<T>): Promise<T | undefined> =>
  promise.catch((error: unknown) => {
    if (error instanceof GraphError) return undefined;
    throw error;
  });

describe('graphs that decode and make no sense', () => {
  it.each(Object.keys(MUTATIONS))('%s: a typed error, or values', { timeout: 120_000 }, async (name) => {
    const drawn = fc.record({
      style: fc.constantFrom(...STYLES),
      numbers: fc.array(fc.nat(2 ** 20), { minLength: 6, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ style, numbers }) => {
        const model = fromBinary(ModelProtoSchema, testDecoder(style));
        let at = 0;
        MUTATIONS[name]!(model, (below) => numbers[at++ % numbers.length]! % Math.max(1, below));
        const [began, held] = [performance.now(), process.memoryUsage.rss()];
        const decoder = await typed(openDecoder(toBinary(ModelProtoSchema, model)));
        if (decoder) {
          const { anatomy } = decoder;
          const inputs = { [anatomy.tokens.input]: i64([1, 5, 3], [1, 3]) };
          await typed(decoder.run(inputs, { taps: anatomy.sites }));
          const metric = {
            at: 'blocks.1.hook_resid_post',
            direction: f32(new Float32Array(anatomy.dModel).fill(1), [1, anatomy.dModel]),
            mask: f32([1, 1, 1], [1, 3]),
            activation: 'identity' as const,
          };
          await typed(decoder.gradient(inputs, metric, ['blocks.0.attn.hook_pattern', 'blocks.0.hook_resid_pre']));
          await decoder.close();
        }
        expect(performance.now() - began).toBeLessThan(1000 * SECONDS);
        expect(process.memoryUsage.rss() - held).toBeLessThan(BYTES);
      }),
      { numRuns: 25 },
    );
  });
});

it('a million nodes are counted, not decoded', async () => {
  // fields: graph (7) of empty nodes (1)
  const count = 1_000_000;
  const nodes = new Uint8Array(2 * count);
  for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a;
  const size = nodes.length;
  const head = Uint8Array.of(0x3a, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14);
  const [began, held] = [performance.now(), process.memoryUsage.rss()];
  await expect(openDecoder(new Uint8Array(Buffer.concat([head, nodes])))).rejects.toMatchObject({ code: 'limit' });
  expect(performance.now() - began).toBeLessThan(1000 * SECONDS);
  expect(process.memoryUsage.rss() - held).toBeLessThan(BYTES / 8);
});
