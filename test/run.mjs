// `npm test`: sets itself up, runs every step, lists by name what was skipped, and counts.
import { nodePath, ROOT } from '../pipelines/cli/node.mjs';
import { install } from '../pipelines/cli/setup.mjs';
import { findChromium, installChromium } from './chromium.mjs';
import { STEPS } from './steps.mjs';

async function main(filters) {
  await install();
  const context = { node: nodePath(), root: ROOT, chromium: findChromium() ?? installChromium(ROOT), filters };
  const total = { passed: [], failed: [], skipped: [] };
  for (const [name, step] of Object.entries(STEPS)) {
    if (filters.length > 0 && name !== 'tests') continue;
    process.stdout.write(`\n== ${name}\n`);
    const outcome = await step(context);
    for (const key of Object.keys(total)) total[key].push(...(outcome[key] ?? []));
  }
  process.stdout.write('\n');
  for (const name of total.skipped) process.stdout.write(`skipped: ${name}\n`);
  for (const name of total.failed) process.stdout.write(`failed: ${name}\n`);
  const { passed, failed, skipped } = total;
  process.stdout.write(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped\n`);
  if (failed.length > 0 || passed.length === 0) process.exitCode = 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`npm test: ${error.message}\n`);
  process.exitCode = 1;
}
