import type { Context } from 'hono';
import { featureId, headId } from '#release/ids.ts';
import { type Permalink, parsePermalink } from '#release/permalink.ts';
import type { ReleaseReader } from '#release/reader.ts';
import { newestOf } from '#release/registry.ts';
import type { AppEnv } from './deps.ts';
import { openRelease } from './open.ts';
import { HttpProblem } from './problem.ts';
import { respondJson } from './respond.ts';

/** Size of a frame where the reader sets no limit, in CSS pixels; narrower ones are laid out as on a phone. */
const WIDTH = 640;
const HEIGHT = 640;

/** Origin of the addresses that a frame names: the configured one, or the one that was asked. */
export const ownOrigin = (c: Context<AppEnv>): string => c.var.deps.origin ?? new URL(c.req.url).origin;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Address of the description of a page, for oEmbed's discovery (oembed.com, section 4). */
export const oembedUrl = (origin: string, path: string): string =>
  `${origin}/oembed?url=${encodeURIComponent(origin + path)}&format=json`;

/** A page's text with the link that lets other sites discover its frame. */
export function withDiscovery(c: Context<AppEnv>, html: string, path: string): string {
  const link = `<link rel="alternate" type="application/json+oembed" href="${escaped(oembedUrl(ownOrigin(c), path))}"/>`;
  return html.replace('</head>', () => `${link}</head>`);
}

/** The same of a page that was found ready. One that comes packed is left as it is: its bytes are no text. */
export async function discoverable(c: Context<AppEnv>, page: Response, path: string): Promise<Response> {
  const text = page.headers.get('content-type')?.includes('text/html') && !page.headers.has('content-encoding');
  if (page.status !== 200 || !text) return page;
  const headers = new Headers(page.headers);
  headers.delete('content-length');
  return new Response(withDiscovery(c, await page.text(), path), { status: 200, headers });
}

/** The permalink that an address of this host names, framed or not; null for every other address. Total. */
function linkOf(address: string, origin: string): Permalink | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (url.origin !== origin) return null;
  let path: string;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    return null;
  }
  const link = parsePermalink(path.replace(/^\/embed(?=\/r\/)/, '').replace(/\/$/, ''));
  return link && (link.target.kind === 'feature' || link.target.kind === 'head') ? link : null;
}

/** Id and title of a feature or head; null where the release has none. */
async function titled(reader: ReleaseReader, { target }: Permalink): Promise<{ id: string; title: string } | null> {
  if (target.kind === 'feature') {
    const card = await reader.feature(target.layer, target.index);
    return card && { id: featureId(target.layer, target.index), title: card.label.text };
  }
  if (target.kind !== 'head') return null;
  const record = (await reader.heads()).heads.find((h) => h.layer === target.layer && h.head === target.head);
  return record ? { id: headId(target.layer, target.head), title: record.sentence } : null;
}

const most = (text: string | undefined, usual: number): number => {
  const asked = Number(text);
  return text !== undefined && Number.isInteger(asked) && asked > 0 ? Math.min(asked, usual) : usual;
};

/** `/oembed?url=...`: how to show a feature or head in a frame (oEmbed 1.0, type `rich`). @throws HttpProblem 404, 501 */
export async function serveOembed(c: Context<AppEnv>): Promise<Response> {
  if ((c.req.query('format') ?? 'json') !== 'json')
    throw new HttpProblem(501, 'format: only json is made here', { field: 'format', allowed: ['json'] });
  const origin = ownOrigin(c);
  const link = linkOf(c.req.query('url') ?? '', origin);
  if (!link)
    throw new HttpProblem(404, 'url: not the page of a feature or head of this host', {
      field: 'url',
      next: `ask for ${origin}/r/<release>/L0F0`,
    });
  const id =
    link.release.kind === 'id' ? link.release.text : newestOf(await c.var.deps.releases.list(), link.release.text);
  const reader = await openRelease(c, id ?? link.release.text);
  const found = await titled(reader, link);
  if (!found) throw new HttpProblem(404, `url: ${reader.id} has no such ${link.target.kind}`, { field: 'url' });
  const [width, height] = [most(c.req.query('maxwidth'), WIDTH), most(c.req.query('maxheight'), HEIGHT)];
  const address = `${origin}/embed/r/${reader.id}/${found.id}/`;
  const name = `${found.id}: ${found.title}`;
  return respondJson(c, null, {
    version: '1.0',
    type: 'rich',
    title: name,
    author_name: reader.manifest.authors.map((author) => author.name).join(', '),
    provider_name: reader.manifest.title,
    provider_url: `${origin}/r/${reader.id}/`,
    cache_age: 86_400,
    width,
    height,
    html: `<iframe src="${escaped(address)}" width="${width}" height="${height}" title="${escaped(name)}" loading="lazy"></iframe>`,
  });
}
