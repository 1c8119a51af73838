import { setImmediate } from 'node:timers/promises';
import { checkRecord } from '#release/check.ts';
import { ReleaseReader } from '#release/reader.ts';
import { createRegistry } from '#release/registry.ts';
import { fsSource } from '#release/source-fs.ts';
import { createApp } from '../app.ts';
import { CACHE_BYTES } from '../worker-releases.ts';
import { readCases } from './cases.ts';

/**
 * Script, `node --expose-gc hold.ts <folder> <release> <layers> <features> <count>`: the app over a release as a Worker keeps it, and the
 * most that heap and buffers hold after any of its requests, in bytes. Waits for the collector each time.
 */
const [folder = '', id = '', layers, features, count] = process.argv.slice(2);
const collect = (globalThis as { gc?: () => void }).gc;
if (!collect) throw new Error('run with --expose-gc');

async function held(): Promise<number> {
  // Buffers are given back by a task that follows the collection.
  for (let turn = 0; turn < 2; turn += 1) {
    collect!();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const code = await held();
const source = fsSource(`${folder}/data/${id}`);
const app = createApp({
  releases: createRegistry(
    async () => [id],
    async () => ReleaseReader.open(source, { id, check: checkRecord, cacheBytes: CACHE_BYTES }),
  ),
});
let most = 0;
for (const { shot } of readCases(id, Number(layers), Number(features)))
  for (let i = 0; i < Number(count); i += 1) {
    const { path, body } = shot(i);
    const post = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } };
    const response = await app.request(path, post);
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    await response.text();
    most = Math.max(most, await held());
  }
process.stdout.write(JSON.stringify({ code, most }));
