import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { env } from '@huggingface/transformers';
import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { GRAPHS, isFolder, PRECISIONS } from './files.ts';

/** `owner/name`, with an optional revision after `@`. */
const HUB_ID = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w.-]+))?$/;

/** Where downloaded models stay. */
const cacheFolder = (): string => process.env['PARALLAX_MODELS'] ?? join(homedir(), '.cache', 'parallax', 'models');

/** The local folder of a model: the folder named, or the copy of a hub id, downloaded at first use. Throws `ParallaxError`. */
export async function locateModel(pathOrId: string): Promise<string> {
  if (isFolder(pathOrId)) return resolve(pathOrId);
  const [, id, revision = 'main'] = HUB_ID.exec(pathOrId) ?? [];
  if (id === undefined)
    throw new ParallaxError(`model folder ${pathOrId} does not exist`, 'name a folder, or a hub id such as owner/name');
  const folder = join(cacheFolder(), `${id}@${revision}`);
  if (!isFolder(folder)) await download(id, revision, folder);
  return folder;
}

const Listing = z.object({ siblings: z.array(z.object({ rfilename: z.string() })) });

/** Of all files of a repository those that tracing reads: configs, tokenizer, one graph of each role with its weights. */
export function wantedFiles(names: readonly string[]): string[] {
  const graphs = Object.values(GRAPHS).flatMap((stems) => {
    const paths = stems.flatMap((stem) => PRECISIONS.map((ending) => `onnx/${stem}${ending}.onnx`));
    const path = paths.find((candidate) => names.includes(candidate));
    return path ? names.filter((name) => name.startsWith(path) && /^onnx\/[\w.-]+$/.test(name)) : [];
  });
  return [...names.filter((name) => /^[\w-]+\.(json|jinja)$/.test(name)), ...new Set(graphs)];
}

/** One request for a `what` to a hub, with the user's token where there is one. Throws `ParallaxError` where it fails. */
export async function fetchHub(url: string, what: 'model' | 'dictionary'): Promise<Response> {
  const token = process.env['HF_TOKEN'];
  const why = await fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} }).then(
    (response) => (response.ok ? response : `answers ${response.status}`),
    (cause: Error) => `cannot be reached (${cause.message})`,
  );
  if (typeof why !== 'string') return why;
  throw new ParallaxError(`${url} ${why}`, `check the ${what} id and the network, or download it and name its folder`);
}

/** Files are written to a temporary folder, renamed when all are there. */
async function download(id: string, revision: string, folder: string): Promise<void> {
  const host = env.remoteHost.replace(/\/$/, '');
  const listing = await fetchHub(`${host}/api/models/${id}/revision/${revision}`, 'model');
  const { siblings } = Listing.parse(await listing.json());
  const partial = `${folder}.${process.pid}.tmp`;
  try {
    for (const name of wantedFiles(siblings.map((file) => file.rfilename))) {
      const path = join(partial, name);
      await mkdir(dirname(path), { recursive: true });
      const { body } = await fetchHub(`${host}/${id}/resolve/${revision}/${name}`, 'model');
      await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(path));
    }
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
