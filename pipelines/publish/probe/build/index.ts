import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checkRecord } from '#release/check.ts';
import type { LiveDevice, LiveIndex } from '#release/probe/live.ts';
import { ReleaseReader } from '#release/reader.ts';
import { fsSource } from '#release/source-fs.ts';
import { loadSprites } from '../../../data/scene/sprites.ts';
import { bundleScripts } from './bundle.ts';
import { placeLayers } from './layers.ts';
import { placeModel } from './model.ts';
import { type Place, placeIn } from './place.ts';
import { tunedFolder } from './tuned.ts';

/** The runtime's files by device; every file stays below the 25 MiB that static hosts allow. */
const RUNTIME: Readonly<Record<LiveDevice, string>> = {
  wasm: 'ort-wasm-simd-threaded',
  webgpu: 'ort-wasm-simd-threaded.jspi',
};

async function placeRuntime(out: string, place: Place): Promise<LiveIndex['runtime']> {
  const { resolve } = createRequire(import.meta.url);
  await mkdir(join(out, 'ort'), { recursive: true });
  const copied = async (name: string) => {
    await copyFile(resolve(`onnxruntime-web/${name}`), join(out, 'ort', name));
    return place.has(`/ort/${name}`);
  };
  const of = async (name: string) => ({ mjs: await copied(`${name}.mjs`), wasm: await copied(`${name}.wasm`) });
  return { wasm: await of(RUNTIME.wasm), webgpu: await of(RUNTIME.webgpu) };
}

async function placeSprites(place: Place): Promise<LiveIndex['sprites']> {
  const sprites = [...(await loadSprites())];
  const file = await place.put('sprites.bin', Buffer.concat(sprites.map(([, { data }]) => new Uint8Array(data))));
  return { ...file, drawings: sprites.map(([key, { side }]) => ({ key, side })) };
}

async function placeScripts(out: string, place: Place): Promise<LiveIndex['scripts']> {
  const names = await bundleScripts(join(out, 'probe', 'code'));
  const of = (name: string) => place.has(`/probe/code/${name}`);
  return { scene: await of(names.scene), engine: await of(names.engine) };
}

/**
 * Writes what the probe pages of some releases need into a built site: `/ort/` and `/probe/`.
 * A release whose tuned model is not on this machine gets no probe, and its page says so.
 *
 * @param out folder of the built site
 * @param folders of the releases
 * @returns ids of the releases that can be probed
 */
export async function buildProbes(out: string, folders: readonly string[]): Promise<string[]> {
  const place = placeIn(out);
  const done: string[] = [];
  let shared: Pick<LiveIndex, 'runtime' | 'sprites' | 'scripts'> | undefined;
  for (const folder of folders) {
    const reader = await ReleaseReader.open(fsSource(folder), { check: checkRecord });
    const tuned = await tunedFolder(reader.manifest);
    if (!tuned) continue;
    shared ??= {
      runtime: await placeRuntime(out, place),
      sprites: await placeSprites(place),
      scripts: await placeScripts(out, place),
    };
    const model = await placeModel(tuned, place);
    const index: LiveIndex = {
      release: reader.id,
      ...shared,
      ...model,
      layers: await placeLayers(folder, reader, place),
    };
    await mkdir(join(out, 'probe', reader.id), { recursive: true });
    await writeFile(join(out, 'probe', reader.id, 'index.json'), JSON.stringify(index));
    done.push(reader.id);
  }
  return done;
}
