import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { ParallaxError } from '#pipelines/config/errors.ts';
import { fetchHub } from '#pipelines/models/hub.ts';

/** `owner/name`, then `@revision` and a folder of the repository, where given. */
const HUB_ID = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w.-]+))?((?:\/[\w-][\w.-]*)*)$/;

const HOST = 'https://huggingface.co';

const Listing = z.object({ siblings: z.array(z.object({ rfilename: z.string() })) });

export interface HubId {
  readonly repository: string;
  readonly revision: string;
  /** Folder within it, with a trailing `/`, or empty. */
  readonly folder: string;
}

/** Reads a hub id; undefined where the text is none. */
export function parseHubId(text: string): HubId | undefined {
  const [, repository, revision = 'main', path = ''] = HUB_ID.exec(text) ?? [];
  return repository === undefined ? undefined : { repository, revision, folder: path && `${path.slice(1)}/` };
}

/** The local folder of a dictionary: the folder named, or the copy of a hub id, of which only `wanted` files are downloaded. */
export async function locateDictionary(
  pathOrId: string,
  wanted: readonly string[],
  get: (url: string) => Promise<Response> = (url) => fetchHub(url, 'dictionary'),
): Promise<string> {
  const isFolder = (path: string) =>
    stat(path).then(
      (s) => s.isDirectory(),
      () => false,
    );
  if (await isFolder(pathOrId)) return resolve(pathOrId);
  const id = parseHubId(pathOrId);
  if (!id)
    throw new ParallaxError(
      `dictionary ${pathOrId}: no such folder`,
      'name a folder, or a hub id such as owner/name/folder',
    );
  const { repository, revision, folder } = id;
  const cache = process.env['PARALLAX_MODELS'] ?? join(homedir(), '.cache', 'parallax', 'models');
  const local = join(cache, 'dictionaries', `${repository}@${revision}`, folder);
  if (await isFolder(local)) return local;
  const listing = await get(`${HOST}/api/models/${repository}/revision/${revision}`);
  const { siblings } = Listing.parse(await listing.json());
  const files = wanted.filter((file) => siblings.some(({ rfilename }) => rfilename === folder + file));
  if (files.length === 0)
    throw new ParallaxError(
      `dictionary ${pathOrId}: the repository has no dictionary there`,
      `name the folder that holds one: ${repository}/<folder>`,
    );
  const partial = `${local.replace(/[/\\]$/, '')}.${process.pid}.tmp`;
  try {
    for (const file of files) {
      const path = join(partial, file);
      await mkdir(dirname(path), { recursive: true });
      const { body } = await get(`${HOST}/${repository}/resolve/${revision}/${folder}${file}`);
      await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(path));
    }
    await mkdir(dirname(local), { recursive: true });
    await rename(partial, local);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return local;
}
