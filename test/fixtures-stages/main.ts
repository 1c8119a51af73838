// Runs the toy plan in the folder that is given: a process that a test can kill.

import { silent } from '../../pipelines/cli/run/progress.ts';
import { runStages } from '../../pipelines/cli/run/run.ts';
import { toyPlan } from './plan.ts';

const [out, workers] = process.argv.slice(2);
const abort = new AbortController();
process.on('SIGINT', () => abort.abort());
try {
  await runStages(toyPlan(), {
    out: out!,
    workers: Number(workers),
    device: 'cpu',
    signal: abort.signal,
    progress: () => silent,
  });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = (error as { exitCode?: number }).exitCode ?? 1;
}
