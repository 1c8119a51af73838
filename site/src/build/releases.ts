import { delimiter, resolve } from 'node:path';
import { checkRecord } from '#release/check.ts';
import { ReleaseReader } from '#release/reader.ts';
import type { HeadsFile, QualityFile, RelatedFile, Summary } from '#release/schema/index.ts';
import { fsSource } from '#release/source-fs.ts';

/** A release that the site shows, open for reading. */
export interface SiteRelease {
  readonly id: string;
  readonly folder: string;
  readonly reader: ReleaseReader;
  readonly heads: HeadsFile;
  readonly quality: QualityFile;
  readonly summary: Summary;
  /** Analyses of neighbouring works; null where the release was made without them. */
  readonly related: RelatedFile | null;
}

/** Folders named by the environment, as a path list. None is no error: the site then says that it has no release. */
const folders = (): string[] =>
  (process.env['PARALLAX_RELEASES'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((f) => resolve(f));

async function open(folder: string): Promise<SiteRelease> {
  const reader = await ReleaseReader.open(fsSource(folder), { check: checkRecord });
  const [heads, quality, summary, related] = await Promise.all([
    reader.heads(),
    reader.quality(),
    reader.summary(),
    reader.related(),
  ]);
  return { id: reader.id, folder, reader, heads, quality, summary, related };
}

const versionKey = (version: string): string =>
  version
    .split('.')
    .map((part) => part.padStart(6, '0'))
    .join('.');

/** Newest first. */
const newestFirst = (a: SiteRelease, b: SiteRelease): number =>
  versionKey(b.reader.manifest.version).localeCompare(versionKey(a.reader.manifest.version)) ||
  a.id.localeCompare(b.id);

let opened: Promise<readonly SiteRelease[]> | undefined;

/** All releases of this build, newest first; opened once. */
export function releases(): Promise<readonly SiteRelease[]> {
  opened ??= Promise.all(folders().map(open)).then((list) => list.sort(newestFirst));
  return opened;
}

/** The newest release of the same name, null when this is it. */
export async function newerThan(release: SiteRelease): Promise<string | null> {
  const { name } = release.reader.manifest;
  const newest = (await releases()).find((other) => other.reader.manifest.name === name);
  return newest === undefined || newest.id === release.id ? null : newest.id;
}

/** `getStaticPaths` of every page below `/r/[release]/`. */
export async function releasePaths() {
  return (await releases()).map((release) => ({ params: { release: release.id }, props: { release } }));
}
