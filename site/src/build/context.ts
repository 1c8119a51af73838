import type { Feature } from '#release/schema/index.ts';
import type { Context } from '../render/context.ts';
import { near } from '../render/near.ts';
import { newerThan, type SiteRelease } from './releases.ts';

/** What a page at build knows: no origin, since the same files may be served anywhere. */
export async function buildContext(release: SiteRelease, hash: string | null, feature?: Feature): Promise<Context> {
  return {
    release: release.id,
    newer: await newerThan(release),
    hash,
    origin: process.env['PARALLAX_ORIGIN'] ?? '',
    summary: release.summary,
    problems: process.env['PARALLAX_PROBLEMS'] ?? '',
    ...(feature ? await near(release.reader, feature) : {}),
  };
}
