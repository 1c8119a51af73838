import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { parseNpy, parseNpz } from './npz.ts';
import { unpickle } from './pickle.ts';
import { parseTorch } from './torch.ts';
import { toFloat32 } from './weights.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const torch = (pickle: string, data: Uint8Array = new Uint8Array(24)) =>
  zipSync({ 'ae/data.pkl': bytesOf(pickle), 'ae/data/0': data, 'ae/byteorder': bytesOf('little') });

/** A state dict of one tensor `w`, as torch pickles it. */
const TENSOR =
  '\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06tQ' +
  'K\0K\x02K\x03\x86K\x01K\x02\x86\x89ccollections\nOrderedDict\n)RtRs.';

describe('torch files', () => {
  test('a strided tensor is read, with nothing run', () => {
    const data = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);
    const w = parseTorch(torch(TENSOR, data)).get('w')!;
    expect(w.shape).toEqual([2, 3]);
    expect([...toFloat32(w)]).toEqual([0, 2, 4, 1, 3, 5]);
  });
  test('code is refused, and the line says what to do', () => {
    for (const call of ['cos\nsystem\n', 'cbuiltins\neval\n', 'cposix\nsystem\n', 'ctorch.hub\nload\n'])
      expect(() => parseTorch(torch(`\x80\x02${call}(X\x02\0\0\0lstR.`))).toThrow(/not on the list of plain data/);
  });
  test('a tensor beyond its storage, and a storage that is not there, are refused', () => {
    expect(() => parseTorch(torch(TENSOR, new Uint8Array(20)))).toThrow(/beyond its 20 bytes/);
    expect(() => parseTorch(zipSync({ 'ae/data.pkl': bytesOf(TENSOR) }))).toThrow(/lacks the data/);
  });
  test('any bytes end in a value or in a line about the pickle', () => {
    const opcodes = fc.constantFrom(...'}])(NKMJXcqrhjtQRsuaeb.\x80\x85\x86\x87\x88\x89\x8a'.split(''));
    const program = fc
      .array(fc.oneof(opcodes, fc.string({ maxLength: 3 })), { maxLength: 30 })
      .map((a) => bytesOf(a.join('')));
    fc.assert(
      fc.property(fc.oneof(program, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          unpickle(bytes);
        } catch (error) {
          expect((error as Error).message).toMatch(/^dictionary ae.pt: /);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const npy = (header: string, data: Uint8Array): Uint8Array => {
  const head = bytesOf(`${header}\n`);
  return Uint8Array.of(0x93, ...bytesOf('NUMPY'), 1, 0, head.length & 255, head.length >> 8, ...head, ...data);
};

describe('NumPy archives', () => {
  const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  test('an array is read, stored or deflated', () => {
    const member = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", floats);
    for (const level of [0, 9] as const) {
      const w = parseNpz(zipSync({ 'w_enc.npy': member }, { level })).get('w_enc')!;
      expect(w.shape).toEqual([2, 2]);
      expect([...toFloat32(w)]).toEqual([1, 2, 3, 4]);
    }
  });
  test('other orders, types and sizes are refused', () => {
    expect(() => parseNpy('a', npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}", floats))).toThrow(
      /C order/,
    );
    expect(() => parseNpy('a', npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", floats))).toThrow(
      /type \|O/,
    );
    expect(() => parseNpy('a', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", floats))).toThrow(
      /16 bytes/,
    );
  });
  test('any bytes end in a line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => parseNpz(bytes)).toThrow(/^dictionary npz: /);
        expect(() => parseNpy('a', bytes)).toThrow(/^dictionary npz: /);
      }),
    );
  });
});
