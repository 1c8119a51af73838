import type { Context } from '../render/context.ts';
import { newerThan, type SiteRelease } from './releases.ts';

/** What a page at build knows: no origin, since the same files may be served anywhere. */
export async function buildContext(release: SiteRelease, hash: string | null): Promise<Context> {
  return {
    release: release.id,
    newer: await newerThan(release),
    hash,
    origin: process.env['PARALLAX_ORIGIN'] ?? '',
    summary: release.summary,
  };
}
