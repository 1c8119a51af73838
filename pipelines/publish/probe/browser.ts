import { env } from '#ort';
import type { ChooseDevice, LiveDevice, LiveFile, LiveIndex, LiveProbe, OpenLive } from '#release/probe/live.ts';
import { createEncoder, type Encoder } from '../../sae/encode.ts';
import { ask } from './ask.ts';
import { unpackEncoder } from './dictionary.ts';
import { openLiveModel } from './model.ts';
import { liveWords } from './words.ts';

/** WebGPU needs an adapter, and a browser that can wait inside WebAssembly (JSPI), which the runtime's small build uses. */
export const chooseDevice: ChooseDevice = async () => {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (!gpu) return { device: 'wasm', note: 'this browser has no WebGPU' };
  if (!('Suspending' in WebAssembly)) return { device: 'wasm', note: 'its WebGPU lacks WebAssembly promises (JSPI)' };
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter ? { device: 'webgpu', note: '' } : { device: 'wasm', note: 'WebGPU gives no adapter here' };
};

/** Bytes of a file, counted as they come. */
async function download({ path }: LiveFile, progress: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path);
  if (!response.ok || !response.body) throw new Error(`${path} did not come: HTTP ${response.status}`);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    progress(value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const json = (bytes: Uint8Array): object => JSON.parse(new TextDecoder().decode(bytes));

/** Points the runtime at the site's own files. The program comes as bytes, so that its download is counted. */
async function startRuntime({ runtime }: LiveIndex, device: LiveDevice, progress: (bytes: number) => void) {
  const { mjs, wasm } = runtime[device];
  env.wasm.wasmPaths = { mjs: mjs.path };
  env.wasm.numThreads = 1;
  env.wasm.wasmBinary = (await download(wasm, progress)).buffer;
  env.logLevel = 'error';
}

/** Browser entry: loads the tuned model of a release from the site itself. */
export const openLive: OpenLive = async (index, chosen, progress): Promise<LiveProbe> => {
  const get = (file: LiveFile) => download(file, progress);
  await startRuntime(index, chosen.device, progress);
  const { model: files } = index;
  const [vision, embed, decoder] = [await get(files.vision), await get(files.embed), await get(files.decoder)];
  const words = liveWords(json(await get(files.tokenizer)), json(await get(files.tokenizerConfig)), index);
  const means = new Float32Array((await get(index.means)).buffer);
  const open = (device: 'webgpu' | 'cpu') => openLiveModel({ vision, embed, decoder }, words, index, device);
  const encoders = new Map<number, Promise<Encoder>>();

  function encoderOf(layer: number): Promise<Encoder> {
    const file = index.layers.find((l) => l.layer === layer)?.dictionary;
    if (!file) return Promise.reject(new Error(`layer ${layer} has no dictionary in this release`));
    const encoder =
      encoders.get(layer) ?? download(file, () => {}).then((bytes) => createEncoder(unpackEncoder(bytes)));
    encoders.set(layer, encoder);
    return encoder;
  }

  let { device, note } = chosen;
  const model = await (device === 'wasm'
    ? open('cpu')
    : open('webgpu').catch((cause: Error) => {
        [device, note] = ['wasm', `WebGPU refused the model (${cause.message})`];
        return open('cpu');
      }));
  return {
    device,
    note,
    ask: async (request) => ask(model, await encoderOf(request.layer), means, index, request),
    async close() {
      await model.close();
      for (const encoder of encoders.values()) await (await encoder).close();
    },
  };
};
