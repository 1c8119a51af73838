import { recordHash } from '#release/json.ts';
import { ReleaseReader } from '#release/reader.ts';
import { newestOf } from '#release/registry.ts';
import { fetchSource } from '#release/source-fetch.ts';
import type { Context, Rendered } from '../../render/context.ts';
import { renderFeature } from '../../render/feature.ts';
import { renderHead } from '../../render/head.ts';
import { near } from '../../render/near.ts';
import type { Place } from './place.ts';

/** A page that cannot be shown, with the reason in words. */
export class Missing extends Error {}

/** Ids of the releases that this host serves. */
export async function servedReleases(): Promise<string[]> {
  const response = await fetch('/data/releases.json');
  if (!response.ok) throw new Missing('This host does not say which releases it serves.');
  return ((await response.json()) as { id: string }[]).map(({ id }) => id);
}

/** An address below a release's name, with the newest id in its place; null where there is no such release. Total. */
export async function newestAddress(pathname: string): Promise<string | null> {
  const match = /^\/r\/([a-z0-9-]+)(\/.*)?$/.exec(pathname);
  const newest = match && newestOf(await servedReleases(), match[1] as string);
  return newest ? `/r/${newest}${match[2] ?? '/'}` : null;
}

/** The release that a place names: itself, or the newest of its name. */
export async function resolveRelease(release: Place['release']): Promise<{ id: string; newer: string | null }> {
  const served = await servedReleases();
  const id = release.kind === 'id' ? release.text : newestOf(served, release.text);
  if (id === null || !served.includes(id)) throw new Missing(`There is no release “${release.text}” here.`);
  const newest = newestOf(served, id.split('@')[0] as string);
  return { id, newer: newest === id ? null : newest };
}

export const openRelease = (id: string): Promise<ReleaseReader> =>
  ReleaseReader.open(fetchSource(`${location.origin}/data/${id}`), { id });

/** The page of a record, made in the browser by the functions that make it anywhere else. */
export async function renderPlace(place: Place): Promise<Rendered & { release: string }> {
  const { id, newer } = await resolveRelease(place.release);
  const reader = await openRelease(id);
  const { record } = place;
  const summary = await reader.summary();
  const problems = document.querySelector<HTMLMetaElement>('meta[name="parallax-problems"]')?.content ?? '';
  const context = (hash: string | null): Context => ({
    release: id,
    newer,
    hash,
    origin: location.origin,
    summary,
    problems,
  });
  if (record.kind === 'head') {
    const file = await reader.heads();
    const head = file.heads.find((h) => h.layer === record.layer && h.head === record.head);
    if (!head) throw new Missing(`${id} has no head H${record.layer}.${record.head}.`);
    return { release: id, ...renderHead(head, file, reader.manifest, context(recordHash(head))) };
  }
  const [feature, examples, hash] = await Promise.all([
    reader.feature(record.layer, record.index),
    reader.examples(record.layer, record.index),
    reader.hash('cards', record.layer, record.index),
  ]);
  if (!feature) throw new Missing(`${id} has no feature L${record.layer}F${record.index}.`);
  const others = await near(reader, feature);
  return { release: id, ...renderFeature(feature, examples, reader.manifest, { ...context(hash), ...others }) };
}
