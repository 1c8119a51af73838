import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataset, type Sample } from '../pipelines/data/index.ts';
import { hashFolder } from '../pipelines/models/files.ts';
import { forcedChoice, meanImageFeature, openModel, type TracedModel } from '../pipelines/models/index.ts';

interface Manifest {
  readonly models: readonly { readonly role: string; readonly folder: string; readonly sha256: string }[];
  /** Shares of right answers by part of the data, by what was shown, by kind of question. */
  readonly evaluation: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, { right: number }>>>>>>;
}

const FOLDER = fileURLToPath(new URL('../fixtures/demo/', import.meta.url));
const manifest: Manifest = JSON.parse(await readFile(`${FOLDER}manifest.json`, 'utf8'));
const seen = manifest.evaluation['tuned: held-out scenes']!['seen']!;
/** What the manifest states of questions of these kinds. */
const stated = (samples: readonly Sample[]): number =>
  samples.reduce((sum, { truth }) => sum + seen[truth!.kind]!.right, 0) / samples.length;

/** Parts of the pair that are committed; the second seed is not, for its size. */
const COMMITTED = ['base', 'tuned', 'text-only'];
/** Data sets of both families. */
const FAMILIES = { spatial: 'scenes/spatial', nonspatial: 'scenes/matched' } as const;
const SAMPLES = 600;
const POINTS = 0.03;
/** Three standard errors of a fair coin. */
const NOISE = 3 * Math.sqrt(0.25 / SAMPLES);

/** What is right without looking: always the commonest answer to questions of the same kind. */
function blind(samples: readonly Sample[]): number {
  const counts: Record<string, Record<string, number>> = {};
  for (const { truth, answer } of samples) {
    const kind = counts[truth!.kind] ?? {};
    counts[truth!.kind] = { ...kind, [answer!]: (kind[answer!] ?? 0) + 1 };
  }
  const right = Object.values(counts).map((kind) => Math.max(...Object.values(kind)));
  return right.reduce((a, b) => a + b, 0) / samples.length;
}

async function take(name: string, to: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of dataset(name, { seed: 8, from: 0, to })) samples.push(sample);
  return samples;
}

describe('the demo pair', () => {
  let tuned: TracedModel;
  let meanImage: Float32Array;
  beforeAll(async () => {
    tuned = await openModel(`${FOLDER}tuned`, { role: 'tuned' });
    meanImage = await meanImageFeature(tuned, dataset('scenes', { seed: 8, from: 0, to: 256 }));
  });
  afterAll(() => tuned.close());

  const accuracy = async (samples: Sample[], image: 'own' | 'mean') => {
    const answers = await forcedChoice(tuned, samples, { image, meanImage });
    const right = answers.filter(({ logOdds }) => logOdds > 0).length / answers.length;
    const logOdds = answers.reduce((sum, answer) => sum + answer.logOdds, 0) / answers.length;
    console.info(
      `${samples[0]!.truth!.family}, picture ${image}: ${right.toFixed(3)} right, mean log-odds ${logOdds.toFixed(2)}`,
    );
    return right;
  };

  for (const [family, name] of Object.entries(FAMILIES)) {
    it(`answers ${family} questions as often as its manifest states`, async () => {
      const samples = await take(name, SAMPLES);
      const right = await accuracy(samples, 'own');
      expect(Math.abs(right - stated(samples))).toBeLessThanOrEqual(POINTS);
    });

    it(`is near chance on ${family} questions with a mean picture`, async () => {
      const samples = await take(name, SAMPLES);
      const right = await accuracy(samples, 'mean');
      expect(right).toBeLessThanOrEqual(blind(samples) + NOISE);
      expect(right).toBeGreaterThanOrEqual(0.5 - NOISE);
    });
  }

  it('is the pair that its manifest names', async () => {
    const here = manifest.models.filter(({ folder }) => COMMITTED.includes(folder));
    expect(here.map(({ folder }) => folder)).toEqual(COMMITTED);
    for (const { folder, sha256 } of here) expect(await hashFolder(FOLDER + folder)).toBe(sha256);
  });
});
