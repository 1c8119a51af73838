import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { activationsCommand } from './activations/command.ts';
import { benchCommand } from './bench/command.ts';
import { checkCommand } from './check/command.ts';
import { exportCommand } from './export/command.ts';
import { planCommand } from './plan/command.ts';
import { publishCommand } from './publish/command.ts';
import { runCommand } from './run/command.ts';
import { saeCommand } from './sae/command.ts';
import { serveCommand } from './serve/command.ts';
import { showCommand } from './show/command.ts';
import { startCommand } from './start/command.ts';
import { trainCommand } from './train/command.ts';
import { verifyCommand } from './verify/command.ts';

/** One entry a command, in the order of `--help`. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  startCommand,
  runCommand,
  planCommand,
  serveCommand,
  checkCommand,
  verifyCommand,
  benchCommand,
  showCommand,
  saeCommand,
  trainCommand,
  activationsCommand,
  exportCommand,
  publishCommand,
];

/** The command line, without running it. Misuse throws commander's error instead of leaving the process. */
export function createProgram(): Command {
  const program = new Command('parallax')
    .description(manifest.description)
    .version(manifest.version)
    .option('--json', 'print one JSON document instead of words')
    .option('--quiet', 'print results only')
    .option('--verbose', 'print more, and where an error came from')
    .addHelpText('after', '\nExample:\n  $ parallax run demo')
    .exitOverride();
  for (const add of COMMANDS) add(program);
  const quiet = (command: Command) => {
    command.exitOverride();
    command.commands.forEach(quiet);
  };
  program.commands.forEach(quiet);
  return program;
}
