import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { outputOf } from '../output.ts';
import { whole } from '../words.ts';

const append = (text: string, all: string[]) => [...all, text];

/** A factor of the steps, above 0. */
function factor(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('a number above 0 is wanted.');
  return value;
}

function demoCommand(train: Command): void {
  train
    .command('demo')
    .description('train the demo pair: encoder, base, tuned model and controls')
    .option('--out <folder>', 'folder of the pair; a stopped training there goes on', '.parallax/train-demo')
    .option('--seed <n>', 'seed of everything that is drawn', whole(0), 0)
    .option('--stage <name>', 'only this part and what it needs: encoder, base, tuned, control, seed2', append, [])
    .option('--steps <factor>', 'all steps times this', factor, 1)
    .option('--jobs <n>', 'parts trained at once, one thread each', whole(1), Math.max(1, availableParallelism()))
    .option('--set <key=value>', 'change one setting, as in --set stages.base.rows=16', append, [])
    .addHelpText('after', '\nExample:\n  $ parallax train demo --out my-pair --stage encoder --steps 0.1')
    .action(
      async (
        options: { out: string; seed: number; stage: string[]; steps: number; jobs: number; set: string[] },
        command: Command,
      ) => {
        const output = outputOf(command);
        const { checkParts, trainSettings } = await import('./settings.ts');
        const parts = checkParts(options.stage);
        const config = trainSettings(options.seed, options.set, options.steps);
        const out = resolve(options.out);
        const [{ trainDemo }, { STAGES }, { openWorld }, { takeFolder }, { interruptSignal }, { bars, lines, silent }] =
          await Promise.all([
            import('./demo.ts'),
            import('./stages.ts'),
            import('./world.ts'),
            import('../run/lock.ts'),
            import('../run/interrupt.ts'),
            import('../run/progress.ts'),
          ]);
        const total = Object.keys(STAGES).length;
        const progress = output.quiet
          ? silent
          : process.stderr.isTTY
            ? bars(total, process.stderr)
            : lines(total, output.note);
        const { signal, dispose } = interruptSignal();
        const lock = await takeFolder(out, (error) => {
          throw error;
        });
        try {
          const world = await openWorld();
          const manifest = await trainDemo(
            { config, world, out, progress, signal, jobs: options.jobs, note: output.detail },
            parts,
          );
          output.line(out);
          output.document(manifest);
        } finally {
          progress.close();
          dispose();
          await lock.release();
        }
      },
    );
}

export function trainCommand(program: Command): void {
  const train = program
    .command('train')
    .description('train models by the engine: demo')
    .addHelpText('after', '\nExample:\n  $ parallax train demo --help');
  demoCommand(train);
}
