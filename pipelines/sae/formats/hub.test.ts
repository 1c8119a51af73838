import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locateDictionary, parseHubId } from './hub.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hub-'));
});
afterAll(() => rm(root, { recursive: true }));

describe('a hub id', () => {
  test('is a repository, a revision and a folder of it', () => {
    expect(parseHubId('a/b')).toEqual({ repository: 'a/b', revision: 'main', folder: '' });
    expect(parseHubId('a/b@v1/layer_3/width')).toEqual({ repository: 'a/b', revision: 'v1', folder: 'layer_3/width/' });
    for (const none of ['a', '/a/b', 'a/b/../c', 'a//b', 'a/b/']) expect(parseHubId(none)).toBeUndefined();
  });
  test('is downloaded once, only the files of a format', async () => {
    const asked: string[] = [];
    const get = async (url: string) => {
      asked.push(url);
      const listing = {
        siblings: ['x/cfg.json', 'x/sae_weights.safetensors', 'x/notes.md'].map((rfilename) => ({ rfilename })),
      };
      return new Response(url.includes('/api/') ? JSON.stringify(listing) : url);
    };
    process.env['PARALLAX_MODELS'] = join(root, 'cache');
    const wanted = ['cfg.json', 'sae_weights.safetensors', 'params.npz'];
    const dir = await locateDictionary('me/mine@v2/x', wanted, get);
    expect(await readdir(dir)).toEqual(['cfg.json', 'sae_weights.safetensors']);
    expect(await readFile(join(dir, 'cfg.json'), 'utf8')).toContain('/me/mine/resolve/v2/x/cfg.json');
    expect(await locateDictionary('me/mine@v2/x', wanted, get)).toBe(dir);
    expect(asked.length).toBe(3);
    await expect(locateDictionary('me/mine@v2/y', wanted, get)).rejects.toThrow(/no dictionary there/);
    delete process.env['PARALLAX_MODELS'];
  });
});
