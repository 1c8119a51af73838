// Plain JavaScript, since it must run on the Node that is there: it finds the one that runs the rest.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const pinned = `${ROOT}node_modules/node/bin/node`;
const [major, minor] = process.versions.node.split('.').map(Number);

/** Whether this Node runs the project. Older ones do not strip types; on 24 onnxruntime-node rejects fp16 inputs. */
export const fits = (major === 22 && minor >= 18) || (major === 23 && minor >= 6);

/** Path of a Node that fits, undefined where none is installed. */
export const nodePath = () => (fits ? process.execPath : existsSync(pinned) ? pinned : undefined);

/** Runs a program in this one's place: its signals, its exit code. A `child` that watches its channel dies with this process. */
export function become(command, words, options = {}) {
  const child = spawn(command, words, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], ...options });
  // A terminal sends Ctrl-C to both; one sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${command} does not start (${error.message}) - run npm ci in ${ROOT}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}

/** Where this process was started by `become`: ends it when that one is gone. */
export function followParent() {
  if (!process.channel) return;
  process.channel.unref();
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

export function fail(line) {
  process.stderr.write(`parallax: ${line}\n`);
  process.exitCode = 1;
}
