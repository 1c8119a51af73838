import { describe, expect, it } from 'vitest';
import { RunConfig } from '#pipelines/config/schema.ts';
import { random } from '#pipelines/data/random.ts';
import { type PlantedStream, type PlantedWorld, plantWorld, WORLD } from '#pipelines/diff/planted/world.ts';
import { precisionRecall } from '#pipelines/diff/statistics/index.ts';
import { type Recovered, recover, recoverOptions } from './planted.ts';

const release = { name: 'test', version: '2026.1.0', date: '2026-01-01', title: 'test', authors: [{ name: 'test' }] };
const config = RunConfig.parse({ pair: { base: 'base', tuned: 'tuned' }, release });
const options = recoverOptions(config, 0, WORLD.layers);
const count = (mask: Uint8Array) => mask.reduce((a, b) => a + b, 0);
const both = (a: Uint8Array, b: Uint8Array) => count(a.map((x, i) => x & b[i]!));

/** Each picture's questions change places between the two families with chance 1/2. */
function permuteFamilies(world: PlantedWorld, seed: number): PlantedWorld {
  const draw = random(seed, 'permute');
  return {
    ...world,
    layers: world.layers.map((layer) => {
      const { spatial, matched } = layer.streams;
      const d = layer.dictionaries.get('F')!.d;
      const [a, b] = [spatial.x.slice(), matched.x.slice()];
      const size = (spatial.sample.length / spatial.samples) * d;
      for (let s = 0; s < spatial.samples; s += 1) {
        if (!draw.chance(0.5)) continue;
        a.set(matched.x.subarray(s * size, (s + 1) * size), s * size);
        b.set(spatial.x.subarray(s * size, (s + 1) * size), s * size);
      }
      const streams = { ...layer.streams, spatial: { ...spatial, x: a }, matched: { ...matched, x: b } };
      return { ...layer, streams: streams satisfies Record<string, PlantedStream> };
    }),
  };
}

/** Share of the chosen features' relation AUROCs whose interval leaves one half out. */
function telling(evidence: Recovered['evidence'], features: (id: string) => boolean): number {
  const effects = Object.entries(evidence.truth)
    .filter(([id]) => features(id))
    .flatMap(([, { relations }]) => relations.filter((r) => r.aspect === 'relation'));
  expect(effects.length).toBeGreaterThan(20);
  return effects.filter(({ auroc }) => auroc.low! > 0.5 || auroc.high! < 0.5).length / effects.length;
}

describe('planted world', async () => {
  const { world, truth } = plantWorld({ seed: 11 });
  const found = await recover(world, options);
  const idOf = (i: number) => `L${Math.floor(i / WORLD.n)}F${i % WORLD.n}`;
  const planted = new Set(
    Array.from(truth.spatial.keys())
      .filter((i) => truth.spatial[i])
      .map(idOf),
  );

  it.each(['rotated', 'spatial'] as const)('recovers the %s features', (set) => {
    const { precision, recall } = precisionRecall(found[set], truth[set]);
    expect(precision).toBeGreaterThanOrEqual(0.95);
    expect(recall).toBeGreaterThanOrEqual(0.95);
  });

  it('lets no lexical decoy pass as spatial', () => {
    expect(both(found.spatial, truth.decoys)).toBe(0);
    expect(precisionRecall(found.decoys, truth.decoys).recall).toBeGreaterThanOrEqual(0.95);
  });

  it('calls adapted only what was turned and prefers vision', () => {
    expect(both(found.adapted, truth.rotated)).toBe(count(found.adapted));
    expect(count(found.adapted)).toBeGreaterThan(0.8 * count(truth.rotated));
  });

  it('finds in which relation the spatial features fire, and the change under a mirrored picture', () => {
    expect(telling(found.evidence, (id) => planted.has(id))).toBeGreaterThan(0.9);
    const pairs = Object.entries(found.evidence.truth).filter(([id]) => planted.has(id));
    const changed = pairs.filter(([, { minimal_pair: m }]) => m!.low! > m!.control!.high!);
    expect(changed.length / pairs.length).toBeGreaterThan(0.9);
  });

  it('sees no relation where questions are shuffled over pictures', async () => {
    const order = random(5, 'shuffle').shuffle(world.spatial.map((_, i) => i));
    const shuffled = await recover({ ...world, spatial: order.map((i) => world.spatial[i]!) }, options);
    expect(telling(shuffled.evidence, (id) => planted.has(id))).toBeLessThan(0.25);
  });

  it('finds nothing spatial where the two families change places at random', async () => {
    const permuted = await recover(permuteFamilies(world, 3), options);
    expect(count(permuted.spatial)).toBe(0);
    expect(count(permuted.decoys)).toBe(0);
  });
});

describe('null pair', () => {
  it.each([0, 1])('finds nothing adapted and nothing spatial, world %i', async (seed) => {
    const found = await recover(plantWorld({ seed, planted: 'none' }).world, options);
    expect([count(found.rotated), count(found.adapted), count(found.spatial), count(found.decoys)]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('finds nothing where all dictionaries are the same', async () => {
    const { world } = plantWorld({ seed: 2, planted: 'none', layers: 1 });
    const same = world.layers.map((layer) => ({
      ...layer,
      dictionaries: new Map([...layer.dictionaries.keys()].map((stage) => [stage, layer.dictionaries.get('S')!])),
    }));
    const found = await recover({ ...world, layers: same }, recoverOptions(config, 0, 1));
    expect([count(found.rotated), count(found.adapted)]).toEqual([0, 0]);
  });
});
