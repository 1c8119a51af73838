import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDecoder } from '../decoder.ts';
import { GraphBuilder } from '../onnx/build.ts';
import { EditableGraph } from '../onnx/graph.ts';
import { readModel } from '../onnx/model.ts';
import { openSession } from '../session.ts';
import { i64 } from '../tensor.ts';
import { testDecoder } from '../testing/decoder.ts';
import { answersOf, errorOf, inputsOf } from '../testing/suite.ts';
import type { Device } from '../types.ts';
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

for (const device of ['webgpu', 'cuda'] as const)
  describe.skipIf(absent[device])(`${device} against cpu`, () => {
    it.for(models)('%s', { timeout: 120_000 }, async ([name, source], { skip }) => {
      skip(!full && !QUICK.includes(name), 'run with PARALLAX_DEVICES=all');
      const [cpu, gpu] = [await answersOf(source, 'cpu'), await answersOf(source, device)];
      for (const [site, expected] of Object.entries(cpu.values))
        expect(errorOf(gpu.values[site]!, expected), site).toBeLessThan(1e-4);
      const { nodes, host } = gpu.placement!;
      expect(nodes).toBeGreaterThan(20);
      console.info(`${name}: ${nodes} nodes on ${device}, ${host} of integers and shapes on the host before them`);
    });
  });

describe.each(['webgpu', 'cuda'] as const)('%s', (device) => {
  it.skipIf(absent[device])('agrees on more tokens than a kernel takes at once', { timeout: 120_000 }, async () => {
    const source = testDecoder({ ops: 'fused', norm: 'rms' });
    const ids = i64(
      Array.from({ length: 80 }, (_, i) => (i * 5) % 19),
      [1, 80],
    );
    const [a, b] = await Promise.all(
      (['cpu', device] as const).map(async (on) => {
        const decoder = await openDecoder(source, { device: on });
        const { logits } = await decoder.run({ [decoder.anatomy.tokens.input]: ids });
        await decoder.close();
        return logits!;
      }),
    );
    expect(errorOf(b!, a!)).toBeLessThan(1e-4);
  });
  it.skipIf(absent[device])('refuses a node that would fall back to the CPU', async () => {
    const g = new GraphBuilder({ opset: 18 });
    g.output(g.op('Det', [g.input('x', 'float32', ['n', 3, 3])]), 'y', 'float32', ['n']);
    const graph = new EditableGraph(await readModel(g.toBytes()));
    await expect(openGraph(graph, { device })).rejects.toMatchObject({ code: 'device' });
  });
  it.runIf(absent[device])(`is not on this machine, and says so: ${absent[device] ?? 'it is here'}`, async () => {
    await expect(
      openDecoder(testDecoder({ ops: 'plain', norm: 'rms' }), { device }).then((d) => d.run(inputsOf(d, 1))),
    ).rejects.toMatchObject({
      code: 'device',
    });
  });
});
