// Plain JavaScript: the test runner uses it before anything is known to work.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

const runs = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Playwright's own copy, where one was downloaded. */
function playwrights() {
  try {
    const path = createRequire(import.meta.url)('playwright-core').chromium.executablePath();
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Path of a Chromium: CHROME_PATH, the system's, Playwright's; undefined where there is none. */
export function findChromium() {
  const named = process.env.CHROME_PATH;
  if (named) return runs(named) ? named : undefined;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const system = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...system, MAC].find(runs) ?? playwrights();
}

const ROOT_NEXT = 'run apt-get install chromium, or set CHROME_PATH to a Chromium';

/** Installs a Chromium: Debian's package when root, otherwise Playwright's copy. Throws one line that says how else. */
export function installChromium(root) {
  if (process.env.CHROME_PATH)
    throw new Error(`CHROME_PATH=${process.env.CHROME_PATH} does not run - set it to a Chromium`);
  const run = (command, words) => spawnSync(command, words, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
  process.stderr.write('installing a Chromium for the browser tests (once)\n');
  if (process.getuid?.() === 0) {
    const apt = ['install', '-y', '--no-install-recommends', 'chromium'];
    if (!run('apt-get', apt)) {
      run('apt-get', ['update']);
      run('apt-get', apt);
    }
  }
  if (!findChromium()) run(process.execPath, [`${root}node_modules/playwright-core/cli.js`, 'install', 'chromium']);
  const found = findChromium();
  if (!found) throw new Error(`no Chromium was found or could be installed - ${ROOT_NEXT}`);
  return found;
}
