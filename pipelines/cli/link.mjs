// Run by npm after an install: makes `npx parallax` work inside the checkout, which npm does for dependencies only.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
mkdirSync(bin, { recursive: true });
rmSync(`${bin}/parallax`, { force: true });
symlinkSync('../../pipelines/cli/bin.mjs', `${bin}/parallax`);
