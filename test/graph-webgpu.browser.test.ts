import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDecoder } from '#graph/testing/decoder.ts';
import type { PlainAnswers } from '#graph/testing/suite.page.ts';
import { answersOf, errorOf } from '#graph/testing/suite.ts';
import { serveFolder } from '../site/test/static-server.ts';
import { findChromium } from './chromium.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNTIME = join(ROOT, 'node_modules/onnxruntime-web/dist');
const GOLDEN = join(ROOT, '../shared/golden/graphs/models');
const executablePath = findChromium();
/** WebGPU without a graphics card: Chromium brings SwiftShader. */
const SOFTWARE_GPU = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** A generated decoder and a golden one: a software GPU takes its time. `PARALLAX_DEVICES=all` adds a plain one. */
const MODELS: Readonly<Record<string, string | Uint8Array | undefined>> = {
  generated: testDecoder({ ops: 'fused', norm: 'rms' }),
  ...Object.fromEntries(
    ['llama-a-fused', ...(process.env['PARALLAX_DEVICES'] === 'all' ? ['gpt2-a-plain'] : [])]
      .map((name) => [name, join(GOLDEN, `${name}.onnx`)] as const)
      .filter(([, path]) => existsSync(path)),
  ),
};

describe.skipIf(!executablePath)('the engine on WebGPU in Chromium', () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parallax-webgpu-'));
    await build({
      root: ROOT,
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['browser', 'module', 'import', 'default'] },
      build: {
        target: 'esnext',
        outDir: folder,
        emptyOutDir: true,
        minify: false,
        lib: {
          entry: join(ROOT, 'pipelines/graph/testing/suite.page.ts'),
          formats: ['es'],
          fileName: () => 'suite.js',
        },
      },
    });
    await mkdir(join(folder, 'runtime'));
    const programs = (await readdir(RUNTIME)).filter((name) => /^ort-wasm-simd-threaded\.(jspi|asyncify)\./.test(name));
    for (const name of programs) await copyFile(join(RUNTIME, name), join(folder, 'runtime', name));
    for (const [name, model] of Object.entries(MODELS))
      if (typeof model === 'string') await copyFile(model, join(folder, `${name}.onnx`));
      else if (model) await writeFile(join(folder, `${name}.onnx`), model);
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>suite</title>');
    server = await serveFolder(folder);
    browser = await chromium.launch({ executablePath: executablePath!, args: SOFTWARE_GPU });
    page = await browser.newPage();
    await page.goto(server.origin);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.for(Object.entries(MODELS))('%s agrees with the processor', async ([name, model], { skip }) => {
    const adapter = await page.evaluate(async () => {
      const { gpu } = navigator as unknown as { gpu?: { requestAdapter(): Promise<object | null> } };
      return !!(await gpu?.requestAdapter());
    });
    if (!adapter) skip('this Chromium has no WebGPU adapter');
    // as text: the test runner would rewrite an import inside a function
    const call = `answersInPage('/${name}.onnx', 'webgpu', location.origin + '/runtime/')`;
    const got = await page.evaluate<PlainAnswers>(`import('/suite.js').then(({ answersInPage }) => ${call})`);
    const expected = await answersOf(model!, 'cpu');
    expect(Object.keys(got.values)).toEqual(Object.keys(expected.values));
    let worst = 0;
    for (const [site, tensor] of Object.entries(expected.values)) {
      const { dims, data } = got.values[site]!;
      worst = Math.max(worst, errorOf({ dims, data: Float32Array.from(data) }, tensor));
    }
    expect(worst).toBeLessThan(1e-4);
    const { device, nodes, host } = got.placement!;
    expect(device).toBe('webgpu');
    expect(nodes).toBeGreaterThan(20);
    console.info(`${name}: ${nodes} nodes on WebGPU in Chromium, ${host} on the host before them, error ${worst}`);
  });
});
