import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '#pipelines/config/replace-file.ts';
import type { StageRun } from '#pipelines/config/stage.ts';
import { random } from '#pipelines/data/index.ts';
import { TargetsFile } from '#pipelines/heads/files.ts';
import { openWords } from '#pipelines/models/words.ts';
import { createEncoder, loadSae } from '#pipelines/sae/index.ts';
import type { HitTokens } from './facts.ts';
import { type Gathered, gather } from './gather.ts';
import type { ReservoirSizes } from './reservoir.ts';
import { scanStream } from './scan.ts';
import { openStreams, type Stream, StreamSettings } from './streams.ts';
import { TokensFile } from './tokens.stage.ts';
import { explain } from './written/explain.ts';
import type { WrittenLabel } from './written/file.ts';
import { detection, fuzzing } from './written/score.ts';
import { openTextModel, type TextModel } from './written/text-model.ts';

const Settings = z.strictObject({
  layer: z.int().min(0),
  seed: z.int().min(0),
  /** Features that are explained; null: those of the layer that input `targets` names. */
  features: z.array(z.int().min(0)).nullable(),
  stream: StreamSettings,
  languageModel: z.strictObject({ address: z.string(), model: z.string(), keyVariable: z.string().optional() }),
  /** Strongest hits shown for the explanation. */
  shown: z.int().min(1),
  /** Samples judged of each kind: firing and silent. */
  judged: z.int().min(2),
});

/** Samples drawn for each silent one that is needed; a feature that fires on most samples has few silent ones. */
const CANDIDATES = 4;

/** What is shown of one feature. */
interface Material {
  readonly explained: readonly HitTokens[];
  readonly firing: readonly HitTokens[];
  readonly silent: readonly HitTokens[];
}

/**
 * Labels written by a language model from one half of the samples, scored by detection and fuzzing on the other half. Inputs: `sae`,
 * `tokens` (`tokens.json` of the layer), the stream's stores, and `targets` where the settings name no features; files: `model`.
 * The one stage that asks an outside program; what it answered is kept, and is not asked again after a kill.
 */
export const run: StageRun = async ({ settings, inputs, files, out, device, progress }) => {
  const s = Settings.parse(settings);
  const features = s.features ?? (await targetsOf(inputs['targets']!, s.layer));
  const effects = TokensFile.parse(JSON.parse(await readFile(join(inputs['tokens']!, 'tokens.json'), 'utf8')));
  const materials = await collect(s, features, inputs, files['model']!, device);
  const kept = join(out, '.checkpoint');
  await mkdir(kept, { recursive: true });
  const writer = await openTextModel(s.languageModel);
  const labels: WrittenLabel[] = [];
  for (const [i, feature] of features.entries()) {
    if (materials[i]!.explained.length === 0) continue;
    const path = join(kept, `${feature}.json`);
    const label = existsSync(path)
      ? (JSON.parse(await readFile(path, 'utf8')) as WrittenLabel)
      : await writeLabel(writer, feature, materials[i]!, effects[feature]!, s.seed);
    await replaceFile(path, JSON.stringify(label));
    labels.push(label);
    progress(i + 1, features.length, 'features');
  }
  await writer.close();
  await writeFile(join(out, 'written.json'), JSON.stringify(labels));
};

async function targetsOf(folder: string, layer: number): Promise<number[]> {
  const targets = TargetsFile.parse(JSON.parse(await readFile(join(folder, 'targets.json'), 'utf8')));
  return targets.filter((target) => target.layer === layer).map((target) => target.feature);
}

/** Strongest hits of even samples; firing and silent odd samples, at random. */
async function collect(
  { layer, seed, shown, judged, stream: settings }: z.infer<typeof Settings>,
  features: readonly number[],
  inputs: Readonly<Record<string, string>>,
  model: string,
  device: 'cpu' | 'webgpu' | 'cuda',
): Promise<Material[]> {
  const sae = await loadSae(inputs['sae']!);
  const encoder = await createEncoder(sae, { device });
  const [stream] = (await openStreams([settings], inputs)) as [Stream];
  const half = (parity: number) => (row: number) => stream.store.table.sample[row]! % 2 === parity;
  const scan = (parity: number, sizes: ReservoirSizes) =>
    scanStream(stream, layer, encoder, sae.n, { seed, sizes, counts: half(parity) });
  const even = await scan(0, { top: shown, drawn: 0 });
  const odd = await scan(1, { top: 0, drawn: judged });
  const odds = Array.from({ length: Math.floor(stream.samples / 2) }, (_, i) => 2 * i + 1);
  const others = random(seed, 'label/silent', layer)
    .shuffle(odds)
    .slice(0, CANDIDATES * judged);
  const wanted = new Map<number, Set<number>>();
  const want = (sample: number, feature: number) => wanted.set(sample, (wanted.get(sample) ?? new Set()).add(feature));
  for (const feature of features) {
    for (const { sample } of [...even[feature]!.top, ...odd[feature]!.drawn]) want(sample, feature);
    for (const sample of others) want(sample, feature);
  }
  const words = await openWords(model, { lists: true });
  const gathered: Gathered = { samples: new Map(), hits: new Map() };
  const picture = async () => null;
  await gather(gathered, stream, wanted, { layer, encoder, tokenText: words.tokenText, picture });
  await encoder.close();
  return features.map((feature) => {
    const hit = (sample: number) => gathered.hits.get(feature)!.get(sample)!;
    const isSilent = ({ image, text }: HitTokens) => image.size + text.size === 0;
    return {
      explained: even[feature]!.top.map(({ sample }) => hit(sample)),
      firing: odd[feature]!.drawn.map(({ sample }) => hit(sample)),
      silent: others.map(hit).filter(isSilent).slice(0, judged),
    };
  });
}

async function writeLabel(
  model: TextModel,
  feature: number,
  { explained, firing, silent }: Material,
  { promoted }: z.infer<typeof TokensFile>[number],
  seed: number,
): Promise<WrittenLabel> {
  const text = await explain(model, explained, promoted);
  const draws = random(seed, 'label/judged', feature);
  const detected = await detection(model, text, firing, silent, draws);
  const fuzzed = await fuzzing(model, text, firing, draws);
  return { feature, text, maker: model.name, detection: detected ?? null, fuzzing: fuzzed ?? null };
}
