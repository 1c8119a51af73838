// Plain JavaScript, since it must run on the Node that is there: it finds the one that runs the rest.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
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
  followNpm(() => {
    child.kill('SIGTERM');
    setTimeout(() => process.exit(1), 2000);
  });
  // A terminal sends Ctrl-C to both; one sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${command} does not start (${error.message}) - run npm ci in ${ROOT}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}

const procText = (pid, file) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').trim();
  } catch {
    return '';
  }
};
const parentOf = (pid) => Number(/^PPid:\s*(\d+)$/m.exec(procText(pid, 'status'))?.[1] ?? 0);

const isGone = (pid) => {
  const status = procText(pid, 'status');
  return status === '' || /^State:\s*Z/m.test(status);
};

/** Processes between this one and the npm that started it, that npm among them; none where npm did not, or cannot be seen. */
function npmAbove() {
  const chain = [];
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    chain.push(pid);
    const name = procText(pid, 'comm');
    if (/^np[mx]/.test(name)) return chain;
    if (!/^(ba|da|z)?sh$/.test(name)) return [];
  }
  return [];
}

/** Ends with the npm that started this process: a killed npx must not leave a run behind that holds its folder. */
function followNpm(end) {
  const chain = npmAbove();
  if (chain.length === 0) return;
  const timer = setInterval(() => {
    if (!chain.some(isGone)) return;
    clearInterval(timer);
    end();
  }, 500);
  timer.unref();
}

/** Ends this process when the one that started it by `become`, or npm, is gone. */
export function followParent() {
  const end = () => process.kill(process.pid, 'SIGKILL');
  if (!process.channel) return followNpm(end);
  process.channel.unref();
  process.on('disconnect', end);
}

export function fail(line) {
  process.stderr.write(`parallax: ${line}\n`);
  process.exitCode = 1;
}
