import type { Feature } from '#release/schema/index.ts';
import type { Context } from '../render/context.ts';
import { featureLabels } from '../render/labels.ts';
import { nearIds } from '../render/neighbours.ts';
import { newerThan, type SiteRelease } from './releases.ts';

/** What a page at build knows: no origin, since the same files may be served anywhere. */
export async function buildContext(release: SiteRelease, hash: string | null, feature?: Feature): Promise<Context> {
  return {
    release: release.id,
    newer: await newerThan(release),
    hash,
    origin: process.env['PARALLAX_ORIGIN'] ?? '',
    summary: release.summary,
    ...(feature ? { labels: await featureLabels(release.reader, nearIds(feature)) } : {}),
  };
}
