import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { f32 } from './tensor.ts';
import {
  BATCH,
  DECODERS,
  distance,
  evaluate,
  K,
  LAYER,
  metricOf,
  POS,
  temporaryFolder,
  tokens,
  z,
} from './testing/metrics.ts';
import type { Decoder, HeadRef } from './types.ts';

describe.each(Object.keys(DECODERS))('%s', (name) => {
  let decoder: Decoder;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    decoder = await DECODERS[name]!(folder.path);
  });
  afterAll(async () => {
    await decoder.close();
    await folder.remove();
  });

  test('attribution is the gradient times the change of z, both ways', async () => {
    const [clean, corrupt] = [tokens(decoder, 1), tokens(decoder, 2)];
    const metric = metricOf(decoder, 'identity');
    const sites = [z(0), z(1)];
    const positions = f32([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0], [BATCH, POS]);
    const all = await decoder.attribute(clean, corrupt, metric, { byPosition: true, positions });
    const one = await decoder.attribute(clean, corrupt, metric, { sides: 'clean', positions });
    const runs = {
      clean: await decoder.gradient(clean, metric, sites),
      corrupt: await decoder.gradient(corrupt, metric, sites),
    };
    const { heads, dHead } = decoder.anatomy;
    for (const side of ['clean', 'corrupt'] as const) {
      const [own, other] = [runs[side], runs[side === 'clean' ? 'corrupt' : 'clean']];
      const by = new Float32Array(K * BATCH * 2 * POS * heads);
      const effect = new Float32Array(K * BATCH * 2 * heads);
      const absolute = new Float32Array(effect.length);
      for (let i = 0; i < by.length; i += 1) {
        const h = i % heads;
        const t = Math.floor(i / heads) % POS;
        const layer = Math.floor(i / heads / POS) % 2;
        const kb = Math.floor(i / heads / POS / 2);
        const at = (((kb % BATCH) * POS + t) * heads + h) * dHead;
        const size = own.values[z(layer)]!.data.length;
        const k = Math.floor(kb / BATCH);
        for (let j = at; j < at + dHead; j += 1)
          by[i]! +=
            (other.values[z(layer)]!.data[j]! - own.values[z(layer)]!.data[j]!) *
            own.grads[z(layer)]!.data[k * size + j]!;
        by[i]! *= positions.data[(kb % BATCH) * POS + t]!;
        effect[(kb * 2 + layer) * heads + h]! += by[i]!;
        absolute[(kb * 2 + layer) * heads + h]! += Math.abs(by[i]!) / 5.5;
      }
      const got = all[side]!;
      expect(got.effect.dims).toEqual([K, BATCH, 2, heads]);
      expect(distance(got.effect.data, effect)).toBeLessThan(1e-4);
      expect(distance(got.byPosition!.data, by)).toBeLessThan(1e-4);
      expect(got.absolute.dims).toEqual([K, BATCH, 2, heads]);
      expect(distance(got.metric.data, own.metric.data)).toBeLessThan(1e-5);
    }
    expect(distance(one.clean.effect.data, all.clean.effect.data)).toBeLessThan(1e-4);
    expect(distance(one.clean.absolute.data, all.clean.absolute.data)).toBeLessThan(1e-4);
    expect(one.corrupt).toBeUndefined();
  });

  test('exact patches are runs with the head replaced', async () => {
    const [clean, corrupt] = [tokens(decoder, 1), tokens(decoder, 2)];
    const metric = metricOf(decoder, 'relu');
    const { heads, dHead } = decoder.anatomy;
    const refs: HeadRef[] = [
      { layer: 1, head: heads - 1 },
      { layer: 0, head: 0 },
      { layer: LAYER + 1, head: 0 },
      { layer: 0, head: 1 },
    ];
    const replacement = await decoder.run(corrupt, { taps: [0, 1, 2].map(z) });
    const got = await decoder.patchHeads(clean, metric, refs, replacement);
    expect(got.dims).toEqual([refs.length, K, BATCH]);
    const unpatched = evaluate(metric, (await decoder.run(clean, { taps: [metric.at] }))[metric.at]!);
    const expected: number[] = [];
    for (const { layer, head } of refs) {
      const rows = Array.from({ length: BATCH * POS }, (_, row) =>
        replacement[z(layer)]!.data.slice((row * heads + head) * dHead, (row * heads + head + 1) * dHead),
      );
      const value = f32(
        rows.flatMap((r) => [...r]),
        [BATCH, POS, dHead],
      );
      const run = await decoder.run(clean, {
        taps: [metric.at],
        interventions: [{ at: z(layer), op: 'set', head, value }],
      });
      expected.push(...evaluate(metric, run[metric.at]!).map((x, i) => x - unpatched[i]!));
    }
    expect(distance(got.data, expected)).toBeLessThan(1e-4);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-3);
  });
});
