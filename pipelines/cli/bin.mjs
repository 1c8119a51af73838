#!/usr/bin/env node
// Plain JavaScript, since it must run on the Node that is there: it finds one that runs TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pinned = `${root}node_modules/node/bin/node`;
const [major, minor] = process.versions.node.split('.').map(Number);
// Older ones do not strip types; 24 has Float16Array, with which onnxruntime-node rejects fp16 inputs.
const fits = (major === 22 && minor >= 18) || (major === 23 && minor >= 6);

const here = async () => {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
};

const elsewhere = () => {
  const words = ['--no-warnings', fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(pinned, words, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // A terminal sends Ctrl-C to both; one sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`parallax: ${pinned} does not start (${error.message}) - run npm ci in ${root}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 1));
  });
};

if (!existsSync(`${root}node_modules/commander`)) {
  process.stderr.write(`parallax: nothing is installed yet - run npm ci in ${root}\n`);
  process.exitCode = 1;
} else if (fits) {
  if (process.channel) {
    // Started by the lines above: when that process dies, so does this one.
    process.channel.unref();
    process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  }
  await here();
} else if (existsSync(pinned)) elsewhere();
else {
  process.stderr.write(
    `parallax: Node ${process.versions.node} is too old - run npm ci in ${root}, or use Node 22.18\n`,
  );
  process.exitCode = 1;
}
