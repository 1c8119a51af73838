import { parseFeatureId } from '#release/ids.ts';
import { recordHash } from '#release/json.ts';
import type { Rendered } from '../render/context.ts';
import { renderFeature } from '../render/feature.ts';
import { renderHead } from '../render/head.ts';
import { buildContext } from './context.ts';
import { notable, notableHeads } from './notable.ts';
import { releases, type SiteRelease } from './releases.ts';

/** Shells: the Worker and the browser put a record's parts in the place of the two comments. */
export const SHELL: Rendered = { head: '<!--parallax:head-->', main: '<!--parallax:main-->' };

export interface RecordPage {
  readonly kind: 'feature' | 'head';
  /** Absent for shells. */
  readonly release?: string;
  readonly render: () => Promise<Rendered>;
}

async function featurePage(release: SiteRelease, id: string): Promise<Rendered> {
  const { reader } = release;
  const { layer, index } = parseFeatureId(id) as { layer: number; index: number };
  const [feature, examples, hash] = await Promise.all([
    reader.feature(layer, index),
    reader.examples(layer, index),
    reader.hash('cards', layer, index),
  ]);
  if (feature === null) throw new Error(`${id}: ${release.id} ranks it, but has no card of it`);
  return renderFeature(feature, examples, reader.manifest, await buildContext(release, hash, feature));
}

async function pagesOf(release: SiteRelease): Promise<{ record: string; page: RecordPage }[]> {
  const { id, reader, heads } = release;
  const features = (await notable(release)).map((record) => ({
    record,
    page: { kind: 'feature' as const, release: id, render: () => featurePage(release, record) },
  }));
  const headPages = notableHeads(heads).map((head) => ({
    record: head.id,
    page: {
      kind: 'head' as const,
      release: id,
      render: async () => renderHead(head, heads, reader.manifest, await buildContext(release, recordHash(head))),
    },
  }));
  return [...features, ...headPages];
}

/** `getStaticPaths` of `/r/[release]/[record]/`: two shells, the notable features and heads of every release. */
export async function recordPaths() {
  const shells = (['feature', 'head'] as const).map((kind) => ({
    params: { release: '_shell', record: kind },
    props: { page: { kind, render: async () => SHELL } as RecordPage },
  }));
  const pages = await Promise.all(
    (await releases()).map(async (release) =>
      (await pagesOf(release)).map(({ record, page }) => ({
        params: { release: release.id, record },
        props: { page: page as RecordPage },
      })),
    ),
  );
  return [...shells, ...pages.flat()];
}
