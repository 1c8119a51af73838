import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema, StringStringEntryProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAnatomy } from '../anatomy/index.ts';
import { canonicalise } from '../canonical.ts';
import { GraphError } from '../errors.ts';
import { openForward } from '../forward.ts';
import { openSession } from '../session.ts';
import { f32, i64 } from '../tensor.ts';
import { testDecoder } from '../testing/decoder.ts';
import { GraphBuilder } from './build.ts';
import { EditableGraph } from './graph.ts';
import { MAX_NODES, readModel, writeModel } from './model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parallax-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** `y = x w`, with a weight of `rows` rows. */
function product(rows: number): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', ['batch', rows]);
  const w = g.constant(
    f32(
      Float32Array.from({ length: rows * 2 }, (_, i) => i),
      [rows, 2],
    ),
    'w',
  );
  g.output(g.op('MatMul', [x, w]), 'y', 'float32', ['batch', 2]);
  return g.toBytes();
}

/** `product(rows)` with the weight in a file; `entry` overrides what the model says of it. */
function external(rows: number, entry: Record<string, string>): Uint8Array {
  const model = fromBinary(ModelProtoSchema, product(rows));
  const w = model.graph!.initializer[0]!;
  const all = { location: 'weights.bin', offset: '8', length: String(rows * 8), ...entry };
  w.externalData = Object.entries(all).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
  w.dataLocation = TensorProto_DataLocation.EXTERNAL;
  w.rawData = new Uint8Array();
  return toBinary(ModelProtoSchema, model);
}

const run = async (bytes: Uint8Array, rows: number, externalFolder?: string) => {
  const session = await openSession(bytes, externalFolder ? { externalFolder } : {});
  const { y } = await session.run({ x: f32(new Float32Array(rows).fill(1), [1, rows]) });
  await session.close();
  return [...(y!.data as Float32Array)];
};

describe('reading and writing', () => {
  it('leaves the weights of a file where they are', async () => {
    const rows = 5000;
    const path = join(folder, 'inline.onnx');
    await writeFile(path, product(rows));
    const model = await readModel(path);
    const bytes = writeModel(model);
    expect(bytes.byteLength).toBeLessThan(1000);
    expect((await stat(path)).size).toBeGreaterThan(rows * 8);
    expect(await run(bytes, rows, model.folder)).toEqual(await run(await readFile(path), rows));
    const weight = new EditableGraph(model).tensor('w')!;
    expect([weight.dims, weight.data[9_999]]).toEqual([[rows, 2], 9_999]);
  });

  it('reads external data, and edits without it', async () => {
    const data = new Float32Array(12);
    data.set([1, 2, 3, 4, 5, 6, 7, 8], 2);
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(data.buffer));
    await writeFile(join(folder, 'outside.onnx'), external(4, {}));
    const model = await readModel(join(folder, 'outside.onnx'));
    expect(await run(writeModel(model), 4, model.folder)).toEqual([16, 20]);
    expect([...(new EditableGraph(model).tensor('w')!.data as Float32Array)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('keeps metadata and fields that it does not know', async () => {
    const model = fromBinary(ModelProtoSchema, product(3));
    model.metadataProps = [create(StringStringEntryProtoSchema, { key: 'who', value: 'a test' })];
    // field 1999, a string: protobuf keeps what it cannot name
    const unknown = Uint8Array.of(0xfa, 0x7c, 3, 97, 98, 99);
    const bytes = Buffer.concat([toBinary(ModelProtoSchema, model), unknown]);
    const edited = new EditableGraph(await readModel(new Uint8Array(bytes))).toBytes();
    expect(fromBinary(ModelProtoSchema, edited).metadataProps[0]!.value).toBe('a test');
    expect(Buffer.from(edited).includes(Buffer.from(unknown))).toBe(true);
  });
});

/** A number as protobuf writes lengths. */
const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);

describe('hostile files', () => {
  const refused = async (source: string | Uint8Array, code: string, message: RegExp) => {
    const error = await readModel(source).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(GraphError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  };
  const written = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };

  it.each([
    ['above the folder', { location: '../weights.bin' }, 'malformed', /outside/],
    ['at an absolute path', { location: '/etc/passwd' }, 'malformed', /outside/],
    ['at a drive', { location: 'C:\\weights.bin' }, 'malformed', /outside/],
    ['through a link', { location: 'link.bin' }, 'malformed', /symbolic link/],
    ['in a folder', { location: '.' }, 'malformed', /plain file/],
    ['nowhere', { location: 'gone.bin' }, 'not-found', /missing/],
    ['beyond the end', { offset: '40' }, 'malformed', /48 bytes/],
    ['of the wrong length', { length: '4' }, 'malformed', /length 4/],
    ['at a negative offset', { offset: '-8' }, 'malformed', /offset -8/],
    ['at no number', { offset: 'x' }, 'malformed', /offset NaN/],
  ])('external data %s', async (_, entry, code, message) => {
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(48));
    await symlink('weights.bin', join(folder, 'link.bin')).catch(() => undefined);
    await refused(await written('hostile.onnx', external(4, entry as Record<string, string>)), code, message);
  });

  it('weights larger than the file', async () => {
    const model = fromBinary(ModelProtoSchema, product(4));
    model.graph!.initializer[0]!.dims = [1_000_000_000n, 1_000_000n];
    await refused(toBinary(ModelProtoSchema, model), 'malformed', /instead of/);
    model.graph!.initializer[0]!.dims = [-4n, 2n];
    await refused(toBinary(ModelProtoSchema, model), 'malformed', /impossible/);
    model.graph!.initializer[0]!.dims = [2n ** 62n, 2n ** 62n];
    await refused(toBinary(ModelProtoSchema, model), 'malformed', /impossible/);
  });

  it('a cycle, a value made twice, a value made by nothing', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [1]);
    g.op('Add', [x, g.op('Relu', ['n2.Add'])]);
    g.output('n2.Add', 'y', 'float32', [1]);
    await refused(g.toBytes(), 'malformed', /cycle/);
    const twice = fromBinary(ModelProtoSchema, product(2));
    twice.graph!.node.push(twice.graph!.node[0]!);
    await refused(toBinary(ModelProtoSchema, twice), 'malformed', /made twice/);
    const lost = fromBinary(ModelProtoSchema, product(2));
    lost.graph!.node[0]!.input[0] = 'nobody';
    await refused(toBinary(ModelProtoSchema, lost), 'malformed', /nothing gives/);
  });

  it('too many nodes, before they are decoded', async () => {
    // fields: graph (7) of `MAX_NODES + 1` empty nodes (1)
    const nodes = new Uint8Array(2 * (MAX_NODES + 1));
    for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a;
    const size = nodes.length;
    const head = Uint8Array.of(0x3a, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14);
    await refused(new Uint8Array(Buffer.concat([head, nodes])), 'limit', /250001 nodes/);
  });

  it('an unknown operator domain', async () => {
    const model = fromBinary(ModelProtoSchema, product(2));
    model.graph!.node[0]!.domain = 'evil.example';
    await refused(toBinary(ModelProtoSchema, model), 'unsupported', /evil\.example/);
  });

  it('a file that is none', async () => {
    await refused(join(folder, 'no such.onnx'), 'not-found', /cannot read/);
    await refused(folder, 'not-found', /cannot read/);
    await refused(new Uint8Array(), 'malformed', /no graph/);
    await refused(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'), 'malformed', /protobuf|ONNX/);
  });

  it('an operator that nobody knows', async () => {
    const model = fromBinary(ModelProtoSchema, testDecoder({ ops: 'plain', norm: 'rms' }));
    for (const node of model.graph!.node) if (node.opType === 'Mul') node.opType = 'Mulberry';
    await expect(
      openForward(toBinary(ModelProtoSchema, model)).then((f) => f.run({ tokens: i64([1, 2], [1, 2]) })),
    ).rejects.toMatchObject({ name: 'GraphError', code: 'unsupported' });
  });

  it('subgraphs in subgraphs without end', async () => {
    // from inside out: graph -> node (1) -> attribute (5) -> graph (6), each with its length
    let [bytes, depth] = [new Uint8Array(), 0];
    for (; depth < 3000; depth += 1)
      for (const field of [0x32, 0x2a, 0x0a]) bytes = new Uint8Array([field, ...varint(bytes.length), ...bytes]);
    await refused(new Uint8Array([0x3a, ...varint(bytes.length), ...bytes]), 'malformed', /./);
  });

  it('any truncation or change of bytes is refused or read, never more', async () => {
    const whole = testDecoder({ ops: 'fused', norm: 'rms' });
    const total = async (bytes: Uint8Array) => {
      try {
        const model = await readModel(bytes);
        findAnatomy(canonicalise(new EditableGraph(model)));
      } catch (error) {
        expect(error).toBeInstanceOf(GraphError);
      }
    };
    // the nodes come first, the weights after them
    const place = fc.oneof(fc.nat(6000), fc.nat(whole.byteLength - 1));
    const flips = fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.byteLength), flips, async (length, changes) => {
        await total(whole.slice(0, length));
        const changed = whole.slice();
        for (const [at, value] of changes) changed[at] = value;
        await total(changed);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => total(bytes)),
      { numRuns: 300 },
    );
  });
});
