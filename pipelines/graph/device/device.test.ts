import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDecoder } from '../decoder.ts';
import { openForward } from '../forward.ts';
import { GraphBuilder } from '../onnx/build.ts';
import { EditableGraph } from '../onnx/graph.ts';
import { readModel } from '../onnx/model.ts';
import { openSession } from '../session.ts';
import { f32, i64, type Tensor } from '../tensor.ts';
import { testDecoder } from '../testing/decoder.ts';
import type { Decoder, Device, Intervention } from '../types.ts';
import { openGraph } from './open.ts';

/** A software GPU, where the machine has no other: correct, and slow. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (!process.env['VK_ICD_FILENAMES'] && existsSync(SWIFTSHADER)) process.env['VK_ICD_FILENAMES'] = SWIFTSHADER;

/** Whether a device opens a graph of one node, and why not. */
async function absence(device: Device): Promise<string | undefined> {
  const g = new GraphBuilder();
  g.output(g.op('Relu', [g.input('x', 'float32', [1])]), 'y', 'float32', [1]);
  try {
    await (await openSession(g.toBytes(), { device })).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
const absent = Object.fromEntries(
  await Promise.all((['cpu', 'webgpu', 'cuda'] as const).map(async (d) => [d, await absence(d)])),
) as Record<Device, string | undefined>;

const GOLDEN = '../shared/golden/graphs/models';
const models: [string, string | Uint8Array][] = [
  ['plain', testDecoder({ ops: 'plain', norm: 'rms', headNorm: true, softcap: 3 })],
  [
    'plain, parallel',
    testDecoder({ ops: 'plain', norm: 'layer', parallel: true, packed: true, learnedPositions: true }),
  ],
  ['fused', testDecoder({ ops: 'fused', norm: 'rms', packed: true, postNorm: true })],
  ...(existsSync(GOLDEN)
    ? readdirSync(GOLDEN)
        .filter((file) => file.endsWith('.onnx'))
        .map((file): [string, string] => [`golden ${file}`, `${GOLDEN}/${file}`])
    : []),
];

/** A software GPU takes some 15 s to compile the shaders of one model: these are run always, the rest when asked for. */
const QUICK = ['plain', 'fused', 'golden llama-a-fused.onnx'];
const full = process.env['PARALLAX_DEVICES'] === 'all' || !existsSync(SWIFTSHADER);

const inputsOf = ({ anatomy: { tokens, dModel, vocab } }: Decoder, seed: number): Record<string, Tensor> => {
  const ids = Array.from({ length: 12 }, (_, i) => (i * 7 + seed) % vocab);
  const rows = Float32Array.from({ length: 12 * dModel }, (_, i) => Math.sin(i + seed));
  return { [tokens.input]: tokens.kind === 'ids' ? i64(ids, [2, 6]) : f32(rows, [2, 6, dModel]) };
};
const error = (got: Tensor, expected: Tensor): number => {
  expect(got.dims).toEqual(expected.dims);
  const [a, b] = [got.data as Float32Array, expected.data as Float32Array];
  const worst = a.reduce((m, x, i) => Math.max(m, Number.isNaN(x) ? Infinity : Math.abs(x - b[i]!)), 0);
  return worst / b.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
};

for (const device of ['webgpu', 'cuda'] as const)
  describe.skipIf(absent[device])(`${device} against cpu`, () => {
    it.for(models)('%s', { timeout: 120_000 }, async ([name, source], { skip }) => {
      skip(!full && !QUICK.includes(name), 'run with PARALLAX_DEVICES=all');
      const [cpu, gpu] = [await openDecoder(source), await openDecoder(source, { device })];
      const taps = cpu.anatomy.sites;
      const inputs = inputsOf(cpu, 1);
      const interventions: Intervention[] = [
        { at: 'blocks.0.attn.hook_z', op: 'zero', head: 1, positions: [1, 3] },
        { at: 'blocks.0.hook_resid_post', op: 'add', value: f32([0.5]), positions: [2] },
        { at: 'blocks.1.hook_attn_out', op: 'set', value: f32([0.25]), positions: [0] },
      ];
      const runs = [{ taps }, { taps, interventions }];
      for (const options of runs) {
        const [a, b] = [await gpu.run(inputs, options), await cpu.run(inputs, options)];
        for (const site of taps) expect(error(a[site]!, b[site]!), site).toBeLessThan(1e-4);
      }
      const metric = {
        at: 'blocks.1.hook_resid_post',
        direction: f32(
          Float32Array.from({ length: cpu.anatomy.dModel }, (_, i) => Math.cos(i)),
          [1, cpu.anatomy.dModel],
        ),
        mask: f32(new Float32Array(12).fill(1), [2, 6]),
        activation: 'identity' as const,
      };
      const wrt = ['blocks.0.attn.hook_z', 'blocks.1.attn.hook_z'];
      const [a, b] = [await gpu.gradient(inputs, metric, wrt), await cpu.gradient(inputs, metric, wrt)];
      for (const site of wrt) expect(error(a.grads[site]!, b.grads[site]!), site).toBeLessThan(1e-4);
      await Promise.all([cpu.close(), gpu.close()]);
      const forward = await openForward(source, { device });
      const graph = forward.edited(['logits']).copy;
      const session = await forward.open(graph);
      const { nodes, host } = session.placement!;
      expect(nodes).toBeGreaterThan(20);
      console.info(`${name}: ${nodes} nodes on ${device}, ${host} of integers and shapes on the host before them`);
      await session.close();
    });
  });

describe.each(['webgpu', 'cuda'] as const)('%s', (device) => {
  it.skipIf(absent[device])('refuses a node that would fall back to the CPU', async () => {
    const g = new GraphBuilder({ opset: 18 });
    g.output(g.op('Det', [g.input('x', 'float32', ['n', 3, 3])]), 'y', 'float32', ['n']);
    const graph = new EditableGraph(await readModel(g.toBytes()));
    await expect(openGraph(graph, { device })).rejects.toMatchObject({ code: 'device' });
  });
  it.runIf(absent[device])(`is not on this machine, and says so: ${absent[device]}`, async () => {
    await expect(
      openDecoder(testDecoder({ ops: 'plain', norm: 'rms' }), { device }).then((d) => d.run(inputsOf(d, 1))),
    ).rejects.toMatchObject({
      code: 'device',
    });
  });
});
