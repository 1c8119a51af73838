import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataset, type Sample } from '../pipelines/data/index.ts';
import { hashFolder } from '../pipelines/models/files.ts';
import { forcedChoice, meanImageFeature, openModel, type TracedModel } from '../pipelines/models/index.ts';

interface Manifest {
  readonly models: readonly { readonly role: string; readonly folder: string; readonly sha256: string }[];
  readonly measured: {
    readonly forced_choice: readonly { readonly family: string; readonly picture: string; readonly accuracy: number }[];
  };
}

const FOLDER = fileURLToPath(new URL('../fixtures/demo/', import.meta.url));
const manifest: Manifest = JSON.parse(await readFile(`${FOLDER}manifest.json`, 'utf8'));
const stated = (family: string, picture: string) =>
  manifest.measured.forced_choice.find((row) => row.family === family && row.picture === picture)!.accuracy;

/** Family in the manifest -> data set with the same questions. */
const FAMILIES = { spatial: 'scenes/spatial', nonspatial: 'scenes/matched' } as const;
const SEEN = 600;
const MEAN = 300;
const POINTS = 0.03;
/** Near chance: three standard errors of a fair coin at n = 300, and a little for pictures of two things being commoner than of three. */
const CHANCE = 0.1;

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
    return { right, line: `${right.toFixed(3)} (n ${answers.length}), mean log-odds ${logOdds.toFixed(2)}` };
  };

  for (const [family, name] of Object.entries(FAMILIES)) {
    it(`answers ${family} questions as often as its manifest states`, async ({ annotate }) => {
      const { right, line } = await accuracy(await take(name, SEEN), 'own');
      await annotate(`${family}, picture seen: ${line}; stated ${stated(family, 'seen')}`);
      expect(Math.abs(right - stated(family, 'seen'))).toBeLessThanOrEqual(POINTS);
    });

    it(`is near chance on ${family} questions with a mean picture`, async ({ annotate }) => {
      const { right, line } = await accuracy(await take(name, MEAN), 'mean');
      await annotate(`${family}, mean picture: ${line}; stated ${stated(family, 'mean')}`);
      expect(Math.abs(right - 0.5)).toBeLessThanOrEqual(CHANCE);
    });
  }

  it('is the pair that its manifest names', async () => {
    for (const { folder, sha256 } of manifest.models) expect(await hashFolder(FOLDER + folder)).toBe(sha256);
  });
});
