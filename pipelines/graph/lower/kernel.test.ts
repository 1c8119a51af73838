import { expect, test } from 'vitest';
import { writeRandomDecoder } from '../bench/random-decoder.ts';
import { openDecoder } from '../decoder.ts';
import { openForward } from '../forward.ts';
import { i64 } from '../tensor.ts';
import { testDecoder } from '../testing/decoder.ts';
import { temporaryFolder } from '../testing/metrics.ts';

test('a decoder of heads that the fused kernel refuses is read all the same', async () => {
  const { path, remove } = await temporaryFolder();
  const sizes = { layers: 2, dModel: 32, dMlp: 48, heads: 4, kvHeads: 2, vocab: 64, context: 32 };
  const decoder = await openDecoder(await writeRandomDecoder(path, sizes));
  const pattern = 'blocks.1.attn.hook_pattern';
  const run = await decoder.run({ input_ids: i64([3, 1, 4, 1, 5], [1, 5]) }, { taps: [pattern, 'logits'] });
  expect(run[pattern]!.dims).toEqual([1, 4, 5, 5]);
  const weights = run[pattern]!.data;
  for (let row = 0; row < 20; row += 1)
    expect(weights.slice(row * 5, row * 5 + 5).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  expect(run['logits']!.data.every(Number.isFinite)).toBe(true);
  await decoder.close();
  await remove();
});

test('on WebGPU no fused attention is left, on a processor it stays', async () => {
  const attentions = async (device: 'cpu' | 'webgpu') => {
    const forward = await openForward(testDecoder({ ops: 'fused', norm: 'rms', packed: true }), { device });
    const { copy, places } = forward.edited(['logits']);
    const { value } = places.get('logits')!;
    copy.cutAt([value]);
    await forward.close();
    return [...copy.nodes].filter((node) => /Attention$/.test(node.opType)).length;
  };
  expect(await attentions('webgpu')).toBe(0);
  expect(await attentions('cpu')).toBe(2);
});
