import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { ParallaxError } from '../../config/errors.ts';
import { nearest } from '../../config/nearest.ts';
import type { BenchRow } from '../../graph/bench/time.ts';
import { outputOf } from '../output.ts';
import { whole } from '../words.ts';
import { BENCHES, LONG } from './benches.ts';

const NAMES = Object.keys(BENCHES);

function checked(names: readonly string[]): readonly string[] {
  for (const name of names)
    if (!NAMES.includes(name)) {
      const meant = nearest(name, NAMES);
      throw new ParallaxError(
        `benchmark ${name} is unknown`,
        meant ? `did you mean ${meant}?` : `choose from ${NAMES.join(', ')}`,
        {
          misuse: true,
        },
      );
    }
  return names.length > 0 ? names : NAMES.filter((name) => !LONG.includes(name));
}

export function benchCommand(program: Command): void {
  program
    .command('bench')
    .description('benchmarks: one JSON object a line, each with the machine and the goal, where one was set')
    .argument('[name...]', `which (${NAMES.join(', ')}; default: all but ${LONG.join(', ')})`)
    .option('--threads <n>', 'threads of ONNX Runtime', whole(1), availableParallelism())
    .addHelpText('after', '\nExample:\n  $ parallax bench graph > figures.jsonl')
    .action(async (names: string[], options: { threads: number }, command: Command) => {
      const output = outputOf(command);
      const wanted = checked(names);
      const { machineName, matmulRow } = await import('./machine.ts');
      const machine = machineName();
      const rows: BenchRow[] = [];
      const say = (row: BenchRow) => {
        rows.push(row);
        const { name, figure, unit, limit = null, ratio = null, interval = null, cpu = null, n, spread } = row;
        output.line(JSON.stringify({ name, figure, unit, limit, ratio, interval, cpu, machine, n, spread }));
        const within = (ends: readonly number[]) => `[${ends.map((x) => x.toFixed(3)).join(', ')}]`;
        const wall = interval ? `${ratio!.toFixed(3)} ${within(interval)}, n ${n}` : ratio?.toFixed(2);
        const compared = wall === undefined ? '' : `, ratio ${wall}`;
        const used = cpu ? `, of processor time ${cpu.ratio.toFixed(3)} ${within(cpu.interval)}` : '';
        const goal = limit === null ? '' : ` (goal ${limit})`;
        output.note(`${name}: ${Number(figure.toPrecision(4))} ${unit}${compared}${used}${goal}`);
      };
      say(await matmulRow(options.threads));
      for (const name of wanted) for await (const row of BENCHES[name]!(options.threads)) say(row);
      output.document({ machine, rows });
    });
}
