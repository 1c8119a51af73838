import { mkdir, writeFile } from 'node:fs/promises';
import { jsonSchemas } from './emit.ts';

/** Script: writes the JSON Schemas beside the zod ones. A test says when they differ. */
const folder = new URL('json/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, text] of jsonSchemas()) await writeFile(new URL(name, folder), text);
