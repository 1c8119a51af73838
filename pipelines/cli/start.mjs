// `npm start`: installs what is missing, then makes and serves the demo atlas.
import { fileURLToPath } from 'node:url';
import { become, fail, nodePath } from './node.mjs';
import { install } from './setup.mjs';

try {
  await install();
  const bin = fileURLToPath(new URL('./bin.mjs', import.meta.url));
  become(nodePath(), ['--no-warnings', bin, 'start', ...process.argv.slice(2)]);
} catch (error) {
  fail(error.message);
}
