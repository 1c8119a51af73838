import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { replaceFile } from '../../config/replace-file.ts';
import type { TrainDemoConfig } from '../../config/train.ts';
import type { Weights } from '../../models/train/init.ts';
import type { Progress } from '../run/progress.ts';
import { Interrupted } from '../run/run.ts';
import { type Evaluation, modelCard } from './card.ts';
import { evaluatePictures, evaluateText, perplexity, type Scores } from './evaluate.ts';
import { runStage } from './run-stage.ts';
import { PARTS, STAGES, type StageName, type StageRule, seedOf, settingsOf, tablesOf } from './stages.ts';
import type { World } from './world.ts';
import { type Exported, exportModel } from './write.ts';

/** What must be equal for a stage to go on: its settings, and those of what it is made from. */
function keyOf(config: TrainDemoConfig, name: StageName): string {
  const { threads, clip, decoder, encoder } = config;
  const rule: StageRule = STAGES[name];
  const seed = seedOf(config, rule.run);
  const lessons = name === 'control' ? config.stages.tuned : null;
  const own = { name, seed, threads, clip, decoder, encoder, settings: settingsOf(config, name), lessons };
  const text = JSON.stringify([own, ...rule.needs.map((need) => keyOf(config, need))]);
  return createHash('sha256').update(text).digest('hex');
}

export interface Training {
  readonly config: TrainDemoConfig;
  readonly world: World;
  readonly out: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Stages trained at once; what does not depend on each other is. */
  readonly jobs: number;
  readonly note: (line: string) => void;
}

/** Shares of right answers by kind on a few held-out scenes, for the log of the stages that answer. */
function probeOf({ config, world }: Training, name: StageName, get: (name: StageName) => Promise<Weights>) {
  const right = (scores: Scores) =>
    Object.fromEntries(Object.entries(scores).map(([kind, score]) => [kind, Number(score.right.toFixed(3))]));
  const n = config.probeScenes;
  if (name === 'base') return async (weights: Weights) => right((await evaluateText(config, world, weights, n)).told);
  if (name !== 'tuned' && name !== 'tuned-2') return undefined;
  return async (weights: Weights) =>
    right((await evaluatePictures(config, world, weights, await get('encoder'), n, 'test')).seen);
}

/** Weights of a stage: trained now, or read from its finished checkpoint; what it needs comes first. */
function trainer(training: Training): (name: StageName) => Promise<Weights> {
  const known = new Map<StageName, Promise<Weights>>();
  const limit = pLimit(training.jobs);
  const get = (name: StageName): Promise<Weights> => {
    const made = known.get(name) ?? make(name);
    known.set(name, made);
    return made;
  };
  async function make(name: StageName): Promise<Weights> {
    const rule: StageRule = STAGES[name];
    await Promise.all(rule.needs.map(get));
    return limit(() => train(name, rule));
  }
  async function train(name: StageName, rule: StageRule): Promise<Weights> {
    const { config, world, out, progress, signal } = training;
    if (signal.aborted) throw new Interrupted();
    const stage = await rule.open(config, world, get);
    const probe = probeOf(training, name, get);
    const run = {
      ...(probe ? { probe } : {}),
      out,
      name,
      key: keyOf(config, name),
      config,
      progress,
      signal,
      snapshots: name === 'tuned',
    };
    const weights = await runStage(stage, run);
    if (!weights) throw new Interrupted();
    return weights;
  }
  return get;
}

/** What is written of a finished part: its folder, which template it fills, and the weights it is made of. */
const EXPORTS: readonly { role: string; template: 'base' | 'tuned'; from: readonly StageName[] }[] = [
  { role: 'base', template: 'base', from: ['base'] },
  { role: 'tuned', template: 'tuned', from: ['encoder', 'tuned'] },
  { role: 'text-only', template: 'base', from: ['control'] },
  { role: 'tuned-2', template: 'tuned', from: ['encoder', 'tuned-2'] },
];

const ROLES = EXPORTS.map(({ role }) => role);

interface Measured {
  readonly models: Exported[];
  readonly evaluation: Record<string, Evaluation[string]>;
  readonly perplexities: Record<string, number>;
}

/** What an earlier call with this config wrote and measured, without the roles that are made anew. */
async function measuredBefore(out: string, config: TrainDemoConfig, anew: readonly string[]): Promise<Measured> {
  const text = await readFile(join(out, 'manifest.json'), 'utf8').catch(() => null);
  const before = text === null ? null : JSON.parse(text);
  if (before === null || JSON.stringify(before.config) !== JSON.stringify(config))
    return { models: [], evaluation: {}, perplexities: {} };
  const kept = (role: string) => !anew.includes(role);
  const only = <T>(all: Record<string, T>) =>
    Object.fromEntries(Object.entries(all).filter(([title]) => kept(title.split(':')[0]!)));
  return {
    models: before.models.filter(({ role }: Exported) => kept(role)),
    evaluation: only(before.evaluation),
    perplexities: only(before.perplexities),
  };
}

/** Trains the parts asked for, then exports and measures what is finished. Gives the manifest. */
export async function trainDemo(training: Training, parts: readonly string[]): Promise<Record<string, unknown>> {
  const { config, world, out, note } = training;
  await mkdir(out, { recursive: true });
  const wanted = parts.flatMap((part) => PARTS[part]!);
  // where one stage fails, the others stop at a checkpoint
  const failed = new AbortController();
  const get = trainer({ ...training, signal: AbortSignal.any([training.signal, failed.signal]) });
  const running = wanted.map(get);
  await Promise.all(running).catch(async (error: unknown) => {
    failed.abort();
    await Promise.allSettled(running);
    throw error;
  });
  const tables = tablesOf(config);
  const { models, evaluation, perplexities } = await measuredBefore(
    out,
    config,
    EXPORTS.filter(({ from }) => wanted.includes(from.at(-1)!)).map(({ role }) => role),
  );
  for (const { role, template, from } of EXPORTS) {
    if (!wanted.includes(from.at(-1)!)) continue;
    const weights: Weights = Object.assign({}, ...(await Promise.all(from.map(get))));
    const table = template === 'base' ? tables.text : { ...tables.vision, ...tables.projector, ...tables.text };
    note(`${role}: writing and measuring`);
    models.push(await exportModel(out, role, template, table, weights));
    perplexities[role] = await perplexity(config, world, weights);
    evaluation[`${role}: its own text`] = await evaluateText(config, world, weights, config.evaluate);
    if (template !== 'tuned') continue;
    for (const [part, title] of [
      ['test', 'held-out scenes'],
      ['pairs', 'held-out pairs of things'],
    ] as const)
      evaluation[`${role}: ${title}`] = await evaluatePictures(config, world, weights, weights, config.evaluate, part);
  }
  models.sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
  const manifest = {
    name: 'parallax-demo',
    version: 2,
    command: 'parallax train demo',
    seed: config.seed,
    config,
    models,
    evaluation,
    perplexities,
  };
  await replaceFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await replaceFile(join(out, 'README.md'), modelCard(config, models, evaluation, perplexities));
  return manifest;
}
