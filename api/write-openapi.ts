import { writeFile } from 'node:fs/promises';
import { emitOpenApi } from './emit.ts';

/** Script: writes `openapi.json`. A test says when it differs from what the routes describe. */
await writeFile(new URL('openapi.json', import.meta.url), emitOpenApi());
