// Plain JavaScript without dependencies: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { ROOT } from './node.mjs';

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
};

/** Whether `node_modules` holds what the lock file names; npm writes its own record last, so half an install does not count. */
export function isInstalled(root = ROOT) {
  const installed = packagesOf(`${root}node_modules/.package-lock.json`);
  const wanted = packagesOf(`${root}package-lock.json`) ?? {};
  if (!installed || !existsSync(`${root}node_modules/node/bin/node`)) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || optional || devOptional || installed[path]?.version === version,
  );
}

/** `npm ci` where it is needed. Rejects with one line that says what to do. */
export async function install(root = ROOT) {
  if (isInstalled(root)) return;
  process.stderr.write('installing the packages of package-lock.json (once, one to two minutes)\n');
  const npm = process.env.npm_execpath;
  const [command, ...words] = npm?.endsWith('.js') ? [process.execPath, npm, 'ci'] : ['npm', 'ci'];
  const code = await new Promise((resolve) => {
    const child = spawn(command, words, { cwd: root, stdio: ['ignore', 2, 2] });
    child.on('exit', (exit) => resolve(exit ?? 1));
    child.on('error', () => resolve(127));
  });
  if (code !== 0 || !isInstalled(root))
    throw new Error(
      `npm ci failed (exit code ${code}) - see its messages above; it needs the npm registry and some 2 GB of disk`,
    );
}
