#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { become, fail, fits, followParent, nodePath, ROOT } from './node.mjs';

const node = nodePath();
if (!existsSync(`${ROOT}node_modules/commander`)) fail(`nothing is installed yet - run npm ci in ${ROOT}`);
else if (!node)
  fail(`Node ${process.versions.node} does not fit - run npm ci in ${ROOT}, or use Node 22.18 or later 22`);
else if (fits) {
  followParent();
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else become(node, ['--no-warnings', fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
