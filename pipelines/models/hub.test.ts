import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { locateModel, wantedFiles } from './hub.ts';

const FILES = ['config.json', 'README.md', 'onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model_q4.onnx'];

describe('a hub id', () => {
  let server: Server;
  let cache: string;
  const asked: string[] = [];
  const host = env.remoteHost;
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'parallax-hub-'));
    vi.stubEnv('PARALLAX_MODELS', cache);
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      if (url.includes('absent')) response.writeHead(404).end();
      else if (url.startsWith('/api/'))
        response.end(JSON.stringify({ siblings: FILES.map((rfilename) => ({ rfilename })) }));
      else response.end(`bytes of ${url}`);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    env.remoteHost = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    env.remoteHost = host;
    vi.unstubAllEnvs();
    await new Promise((done) => server.close(done));
    await rm(cache, { recursive: true });
  });

  it('is downloaded once, without what tracing does not read', async () => {
    const folder = await locateModel('someone/small@v1');
    expect(await readFile(join(folder, 'onnx/model.onnx_data'), 'utf8')).toBe(
      'bytes of /someone/small/resolve/v1/onnx/model.onnx_data',
    );
    expect(asked.filter((url) => /README|q4/.test(url))).toEqual([]);
    const before = asked.length;
    expect(await locateModel('someone/small@v1')).toBe(folder);
    expect(asked.length).toBe(before);
  });

  it('that does not exist is said in one line, and leaves nothing behind', async () => {
    await expect(locateModel('someone/absent')).rejects.toMatchObject({
      message: expect.stringContaining('answers 404'),
      next: expect.stringContaining('check the model id'),
    });
    await expect(locateModel('./no/such/folder')).rejects.toThrow(/model folder .\/no\/such\/folder does not exist/);
  });

  it('takes the fullest precision of each graph', () => {
    expect(wantedFiles(['onnx/model_q4.onnx', 'onnx/model_fp16.onnx', 'tokenizer.json', 'x/y.json'])).toEqual([
      'tokenizer.json',
      'onnx/model_fp16.onnx',
    ]);
  });
});
