import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStore } from '#pipelines/activations/index.ts';
import { RunConfig } from '#pipelines/config/schema.ts';
import type { Json, StageContext, StageRun } from '#pipelines/config/stage.ts';
import { run as diffLayer } from '#pipelines/diff/diff.stage.ts';
import { openLayerDiff, readDiffSummary } from '#pipelines/diff/index.ts';
import { run as diffJoin } from '#pipelines/diff/join.stage.ts';
import { type PlantedStream, type PlantedWorld, plantWorld } from '#pipelines/diff/planted/world.ts';
import { saveSae } from '#pipelines/sae/index.ts';
import { Feature, SpatialEvidence } from '#release/schema/feature.ts';
import { openSpatial } from './index.ts';
import { run as spatialJoin } from './join.stage.ts';
import { type Recovered, recover, recoverOptions } from './planted.ts';
import { run as spatialLayer } from './spatial.stage.ts';

const release = { name: 'test', version: '2026.1.0', date: '2026-01-01', title: 'test', authors: [{ name: 'test' }] };
const config = RunConfig.parse({ pair: { base: 'base', tuned: 'tuned' }, release });
const LAYERS = [3, 5];
const STREAMS = ['spatial', 'matched', 'generic', 'word', 'mirror', 'text'] as const;

let root: string;
let world: PlantedWorld;
let found: Recovered;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'evidence-'));
  world = plantWorld({ seed: 4, pictures: 80, n: 160, d: 96 }).world;
  found = await recover(world, recoverOptions(config, 0, 2));
  for (const [i, layer] of world.layers.entries())
    for (const [stage, sae] of layer.dictionaries) await saveSae(join(root, 'sae', stage, `${i}`), sae);
  for (const name of STREAMS) await store(name);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** One store of all layers; ids let base and tuned tokens be paired from the end of each sample. */
async function store(name: (typeof STREAMS)[number]): Promise<void> {
  const streams = world.layers.map((layer) => layer.streams[name]);
  const first = streams[0] as PlantedStream;
  const d = world.layers[0]!.dictionaries.get('F')!.d;
  const writer = await createStore(join(root, 'store', name), { dModel: d, layers: LAYERS, dtype: 'float32' });
  const size = first.sample.length / first.samples;
  for (let s = 0; s < first.samples; s += 1) {
    const classes = Array.from(first.classes.subarray(s * size, (s + 1) * size));
    const pictured = classes.includes(0);
    const rows = streams.map((stream) => stream.x.slice(s * size * d, (s + 1) * size * d));
    await writer.append(
      `planted/${s}`,
      {
        position: classes.map((_, t) => t),
        class: classes,
        id: classes.map((c, t) => (c === 0 ? 0 : 10 + size - t)),
        afterImage: classes.map((c) => (pictured && c === 1 ? 1 : 0)),
      },
      new Map(LAYERS.map((layer, i) => [layer, rows[i]!])),
    );
  }
  await writer.close();
}

async function runStage(run: StageRun, name: string, settings: Json, inputs: Record<string, string>): Promise<string> {
  const out = join(root, 'stages', name);
  await mkdir(out, { recursive: true });
  const silent = () => {};
  const context: StageContext = { settings, inputs, files: {}, out, device: 'cpu', progress: silent, log: silent };
  await run(context);
  return out;
}
const at = (name: string) => join(root, 'store', name);
const byLayer = (folders: string[]) => Object.fromEntries(folders.map((folder, i) => [`layer/${LAYERS[i]}`, folder]));

async function spatialStages(tag = ''): Promise<string> {
  const folders: string[] = [];
  for (const [i, layer] of LAYERS.entries())
    folders.push(
      await runStage(
        spatialLayer,
        `${tag}spatial-${layer}`,
        { layer, firesAbove: config.spatial.firesAbove },
        {
          sae: join(root, 'sae', 'F', `${i}`),
          ...Object.fromEntries(['spatial', 'matched', 'generic', 'word', 'mirror'].map((name) => [name, at(name)])),
        },
      ),
    );
  const { samples: _, ...rules } = config.spatial;
  const settings = { layers: LAYERS, seed: 0, confidence: 0.95, rounds: 50, ...rules, truth: { seed: 0, from: 0 } };
  return runStage(spatialJoin, `${tag}spatial-join`, settings, byLayer(folders));
}

async function diffStages(tag = ''): Promise<{ layers: string[]; join: string }> {
  const layers: string[] = [];
  for (const [i, layer] of LAYERS.entries())
    layers.push(
      await runStage(
        diffLayer,
        `${tag}diff-${layer}`,
        { layer, seed: 0, bootstrap: 50, confidence: 0.95 },
        {
          ...Object.fromEntries(['S', 'D', 'M', 'F', 'F2', 'C'].map((s) => [`sae/${s}`, join(root, 'sae', s, `${i}`)])),
          'vision/0': at('spatial'),
          'vision/1': at('matched'),
          text: at('text'),
          base: at('word'),
        },
      ),
    );
  const { bootstrap: _, ...rules } = config.diff;
  const settings = { layers: LAYERS, confidence: 0.95, ...rules } as Json;
  return { layers, join: await runStage(diffJoin, `${tag}diff-join`, settings, byLayer(layers)) };
}

describe('evidence stages', () => {
  it('give what the analysis in memory gives, in terms of the release', async () => {
    const spatial = await openSpatial(await spatialStages());
    const all = [...spatial.all()];
    expect(all.map((f) => Number(f.spatial))).toEqual(Array.from(found.spatial));
    expect(all.map((f) => Number(f.decoy))).toEqual(Array.from(found.decoys));
    expect(all.some((f) => f.spatial)).toBe(true);
    for (const f of all.filter((f) => f.spatial)) {
      const evidence = SpatialEvidence.parse(f.evidence);
      expect(evidence.heldout.q).toBeLessThanOrEqual(config.spatial.q);
      expect(evidence.heldout.a + evidence.heldout.b).toBe(40);
      expect(f.effect).toBe(evidence.heldout.risk_difference.value);
      expect(f.stability).toBeGreaterThan(0);
    }
    expect(() => spatial.feature(4, 0)).toThrow('L4F0');
  });

  it('give the diff of every feature, with latent scaling on the tokens that both models read', async () => {
    const { layers, join: joined } = await diffStages();
    const diff = await openLayerDiff(layers[1]!, joined, LAYERS[1]!);
    expect(diff.features).toBe(160);
    for (let i = 0; i < diff.features; i += 1) {
      const f = diff.feature(i);
      Feature.shape.stages.parse(f.stages);
      Feature.shape.preference.parse(f.preference);
      Feature.shape.class.parse(f.class);
      expect(f.latent_scaling).not.toBe(null);
      expect(f.preference.n).toBe(160);
    }
    const summary = await readDiffSummary(joined);
    expect(summary.layers.map((l) => l.layer)).toEqual(LAYERS);
    const adapted = [0, 1].map(async (k) => {
      const layer = await openLayerDiff(layers[k]!, joined, LAYERS[k]!);
      return Array.from({ length: layer.features }, (_, i) => layer.feature(i)).filter((f) => f.flags.adapted).length;
    });
    expect(await Promise.all(adapted)).toEqual(summary.layers.map((l) => l.adapted));
  });

  it('give the same bytes again', async () => {
    const [first, second] = [await spatialStages(), await spatialStages('again-')];
    for (const file of ['spatial.json', 'spatial.safetensors'])
      expect(await readFile(join(second, file))).toEqual(await readFile(join(first, file)));
    const [one, two] = [await diffStages(), await diffStages('again-')];
    expect(await readFile(join(two.layers[0]!, 'diff.safetensors'))).toEqual(
      await readFile(join(one.layers[0]!, 'diff.safetensors')),
    );
  });
});
