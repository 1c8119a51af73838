import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import { hashJson } from '../run/canonical.ts';
import { listFiles, sumFile } from '../run/hash-files.ts';

/** What the pages and the probe's scripts are made of, beside the releases. */
const SOURCES = [
  'site',
  ...['release', 'publish/probe', 'graph', 'models', 'data', 'sae', 'heads'].map((room) => `pipelines/${room}`),
  'fixtures/demo/tuned',
  'package-lock.json',
];
/** What a build leaves behind in these folders, and what it does not read. */
const LEFT_OUT = /(^|\/)(node_modules|\.[^/]*)\/|\.test\.ts$/;

async function hashSource(path: string): Promise<string> {
  const folder = join(PACKAGE_ROOT, path);
  if ((await stat(folder)).isFile()) return (await sumFile(folder)).sha256;
  const files = (await listFiles(folder)).filter((file) => !LEFT_OUT.test(file));
  const sums = await Promise.all(files.map(async (file) => [file, (await sumFile(join(folder, file))).sha256]));
  return hashJson(Object.fromEntries(sums));
}

/** Settings of the environment that stand in the pages. */
const SETTINGS = ['PARALLAX_ORIGIN', 'PARALLAX_PROBLEMS'];

/** Hash of all that a site's bytes depend on. A release is known by its folder's name, which holds the hash of its manifest. */
export async function siteKey(releases: readonly string[]): Promise<string> {
  const sources = await Promise.all(SOURCES.map(hashSource));
  const settings = SETTINGS.map((name) => process.env[name] ?? '');
  return hashJson({ sources, settings, releases: releases.map((folder) => basename(folder)) });
}
