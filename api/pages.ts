import type { Context } from 'hono';
import { type Citable, cite, headTitle } from '#release/cite.ts';
import { RELEASE_NAME } from '#release/ids.ts';
import { jsonBytes } from '#release/json.ts';
import { jsonLd, turtle } from '#release/linked.ts';
import {
  formatPermalink,
  type Permalink,
  parsePermalink,
  SUFFIXES,
  type Suffix,
  type Target,
} from '#release/permalink.ts';
import type { ReleaseReader } from '#release/reader.ts';
import { newestOf } from '#release/registry.ts';
import type { Feature, FeatureExamples, HeadRecord, HeadsFile } from '#release/schema/index.ts';
import { sha256Bytes, toHex } from '#release/sha256.ts';
import { fromAssets } from './assets.ts';
import type { AppDeps, AppEnv, PageContext, RenderedPage } from './deps.ts';
import { BRIEFLY } from './headers.ts';
import { citableOf, signposting } from './links.ts';
import { negotiate } from './negotiate.ts';
import { discoverable, withDiscovery } from './oembed.ts';
import { openRelease, pathOf, Redirect } from './open.ts';
import { HttpProblem } from './problem.ts';
import { respond } from './respond.ts';

/** What a permalink names, read. */
interface Found {
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly render: (deps: AppDeps, context: PageContext) => Promise<RenderedPage | null>;
}

type Finder<K extends Target['kind']> = (
  reader: ReleaseReader,
  target: Extract<Target, { kind: K }>,
) => Promise<Found | null>;

const parsed = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

const findFeature: Finder<'feature'> = async (reader, { layer, index }) => {
  const record = await reader.stored('cards', layer, index);
  if (!record) return null;
  const card = parsed<Feature>(record.bytes);
  return {
    title: card.label.text,
    ...record,
    render: async ({ pages }, context) => {
      const examples: FeatureExamples | null = await reader.examples(layer, index);
      if (!pages) return null;
      return pages.renderFeature(card, examples, reader.manifest, { ...context, ...(await pages.near(reader, card)) });
    },
  };
};

const findHead: Finder<'head'> = async (reader, { layer, head }) => {
  const file: HeadsFile = await reader.heads();
  const record: HeadRecord | undefined = file.heads.find((h) => h.layer === layer && h.head === head);
  if (!record) return null;
  const bytes = jsonBytes(record);
  return {
    title: headTitle(record),
    bytes,
    hash: toHex(sha256Bytes(bytes)),
    render: async ({ pages }, context) => pages?.renderHead(record, file, reader.manifest, context) ?? null,
  };
};

const find = (reader: ReleaseReader, target: Target): Promise<Found | null> =>
  target.kind === 'feature'
    ? findFeature(reader, target)
    : target.kind === 'head'
      ? findHead(reader, target)
      : Promise.resolve(null);

/** The forms of a record beside its page. */
const FORMS: Readonly<Record<Suffix, (found: Found, citable: Citable) => string | Uint8Array>> = {
  json: (found) => found.bytes,
  bib: (_f, c) => cite('bibtex', c),
  'csl.json': (_f, c) => cite('csl-json', c),
  ris: (_f, c) => cite('ris', c),
  txt: (_f, c) => cite('apa', c),
  ttl: (_f, c) => turtle(c),
  jsonld: (_f, c) => JSON.stringify(jsonLd(c)),
};

const HTML = 'text/html';
const suffixOf = (type: string): Suffix | undefined =>
  (Object.keys(SUFFIXES) as Suffix[]).find((s) => SUFFIXES[s] === type);

/** `/r/...`: pages, their other forms by suffix, and the choice between them by `Accept`. Null = no permalink. */
export async function servePage(c: Context<AppEnv>): Promise<Response | null> {
  const path = (pathOf(c) ?? '').replace(/(?<=^\/r\/.+)\/$/, '');
  const link = parsePermalink(path, new URL(c.req.url).search);
  if (!link) return (await fromAssets(c)) ?? otherPage(c, path);
  const reader = await openRelease(c, link.release.text);
  const { target } = link;
  if (target.kind === 'release' || target.kind === 'report')
    return fromAssets(c, { link: signposting(reader, target) }, `${path}/`);
  const found = await find(reader, target);
  if (!found) throw new HttpProblem(404, `${path}: ${reader.id} has no such ${target.kind}`, { field: 'id' });
  const { origin = '' } = c.var.deps;
  const citable = citableOf(reader, target, found.title, found.hash, origin);
  if (link.suffix) {
    const type = link.suffix === 'txt' ? 'text/plain; charset=utf-8' : SUFFIXES[link.suffix];
    const form = link.suffix === 'json' ? {} : { form: link.suffix };
    return respond(c, {
      body: FORMS[link.suffix](found, citable),
      type,
      release: reader.id,
      hash: found.hash,
      ...form,
      headers: { link: signposting(reader, target) },
    });
  }
  return page(c, reader, link, found);
}

/** Pages of the site below a release that are no permalinks: under a release's name they lie elsewhere. Null = none such. */
async function otherPage(c: Context<AppEnv>, path: string): Promise<null> {
  const release = path.split('/')[2] ?? '';
  if (RELEASE_NAME.test(release)) await openRelease(c, release);
  return null;
}

async function page(
  c: Context<AppEnv>,
  reader: ReleaseReader,
  link: Permalink,
  found: Found,
): Promise<Response | null> {
  const { deps } = c.var;
  const type = negotiate(c.req.header('accept'), [HTML, ...Object.values(SUFFIXES)]);
  if (type === null)
    throw new HttpProblem(406, 'accept: none of the forms asked for is there', {
      field: 'accept',
      allowed: [HTML, ...Object.values(SUFFIXES)],
    });
  if (type !== HTML) throw new Redirect(formatPermalink({ ...link, suffix: suffixOf(type) ?? null, stage: null }), 303);
  const headers = { link: signposting(reader, link.target) };
  // The site's pages are folders: asked for with a slash, they come without a redirect.
  const place = formatPermalink({ ...link, stage: null });
  const ready = await fromAssets(c, headers, `${place}/`);
  if (ready) return discoverable(c, ready, place);
  const kind = link.target.kind === 'head' ? 'head' : 'feature';
  const shell = await deps.pages?.shell(kind, reader.id);
  if (!shell) return null;
  const newest = newestOf(await deps.releases.list(), reader.manifest.name);
  const context: PageContext = {
    release: reader.id,
    newer: newest === reader.id ? null : newest,
    hash: found.hash,
    origin: deps.origin ?? '',
    summary: await reader.summary(),
    problems: deps.problems ?? '',
  };
  const rendered = await found.render(deps, context);
  if (!rendered) return null;
  const body = shell
    .replace('<!--parallax:head-->', () => rendered.head)
    .replace('<!--parallax:main-->', () => rendered.main);
  return respond(c, {
    body: withDiscovery(c, body, place),
    type: 'text/html; charset=utf-8',
    release: reader.id,
    headers: { ...headers, 'cache-control': BRIEFLY },
  });
}
