import type { Command } from 'commander';
import { type Output, outputOf } from '../output.ts';
import { type ConfigOptions, readConfig, withConfig } from '../run/options.ts';
import type { Cost } from './costs.ts';

const count = (x: number): string => Math.round(x).toLocaleString('en-US');
const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
const duration = (seconds: number): string => {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
};

const total = (costs: readonly Cost[]): Cost =>
  costs.reduce((a, b) => ({
    samples: a.samples + b.samples,
    tokens: a.tokens + b.tokens,
    seconds: a.seconds + b.seconds,
    bytes: a.bytes + b.bytes,
  }));

/** `sae/F/L03` -> `sae/F`: stages that differ only in layer or shard. */
const groupOf = (name: string): string =>
  name
    .split('/')
    .filter((word) => !/^(L?\d+|train|held-out|join|online)$/.test(word))
    .join('/');

export interface PlanRow extends Cost {
  readonly group: string;
  readonly stages: number;
  /** Finished in this folder already. */
  readonly done: number;
}

/** Works out the plan: a row a group, the time on `workers` processes, and memory. */
export async function planOf(source: string, options: ConfigOptions, note: Output['note']) {
  const [
    { pipelineOf },
    { readPair },
    { measure },
    { costsOf, makespan },
    { workerMemory },
    { keyStages },
    { folderOf, inspect },
  ] = await Promise.all([
    import('../pipeline/index.ts'),
    import('../pipeline/pair.ts'),
    import('./measure.ts'),
    import('./costs.ts'),
    import('./memory.ts'),
    import('../run/run.ts'),
    import('../run/folder.ts'),
  ]);
  const { config, out } = await readConfig(source, options);
  const stages = await pipelineOf(config);
  const pair = await readPair(config);
  note('measuring this machine on a few samples and steps');
  const costs = costsOf(stages, await measure(stages), { ...pair, features: config.sae.features });
  const finished = new Set<string>();
  for (const stage of await keyStages(stages, config.device))
    if ((await inspect(folderOf(out, stage), stage.key, true)) === 'finished') finished.add(stage.name);
  const groups = Map.groupBy(stages, ({ name }) => groupOf(name));
  const rows = [...groups].map(([group, members]): PlanRow => {
    const cost = total(members.map(({ name }) => costs.get(name)!));
    return { group, stages: members.length, done: members.filter(({ name }) => finished.has(name)).length, ...cost };
  });
  const { workers } = options;
  const rest = (name: string) => (finished.has(name) ? 0 : costs.get(name)!.seconds);
  return {
    out,
    workers,
    rows,
    /** Dictionaries whose stream exceeds `sae.storeLimit`. */
    online: stages.filter(({ module }) => module === 'sae/online.stage.ts').map(({ name }) => groupOf(name)),
    storeLimit: config.sae.storeLimit,
    bytes: total(rows).bytes,
    memory: workers * (await workerMemory(config, Object.values(pair.folders), pair.dModel)),
    seconds: makespan(stages, rest, workers),
  };
}

export function planCommand(program: Command): void {
  withConfig(program.command('plan'))
    .description('say what a run would take on this machine; runs nothing')
    .addHelpText('after', '\nExample:\n  $ parallax plan my-pair.json --workers 8')
    .action(async (source: string, options: ConfigOptions, command: Command) => {
      const output = outputOf(command);
      const plan = await planOf(source, options, output.note);
      const line = (cells: readonly string[]) =>
        output.line(cells.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(12))).join(''));
      line(['stages', 'number', 'done', 'samples', 'tokens', 'disk', 'work']);
      for (const { group, stages, done, samples, tokens, bytes, seconds } of plan.rows)
        line([group, count(stages), count(done), count(samples), count(tokens), size(bytes), duration(seconds)]);
      output.line(
        plan.online.length === 0
          ? `activations are stored: no training stream exceeds ${size(plan.storeLimit)} (sae.storeLimit)`
          : `not stored, trained straight from the model: ${plan.online.join(', ')} (their activations would exceed ${size(plan.storeLimit)}, sae.storeLimit)`,
      );
      output.line(
        `about ${duration(plan.seconds)} on ${plan.workers} processes, ${size(plan.bytes)} of disk in ${plan.out}, ${size(plan.memory)} of memory`,
      );
      output.document(plan);
    });
}
