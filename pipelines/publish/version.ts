import { createRequire } from 'node:module';

/** Version of Parallax, as package.json states it. */
export const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
