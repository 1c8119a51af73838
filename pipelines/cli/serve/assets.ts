import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { getMimeType } from 'hono/utils/mime';

/** A file's text for the address, undefined where it cannot be decoded. */
function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

/** Types that `hono` does not know. */
const TYPES: Readonly<Record<string, string>> = {
  onnx: 'application/octet-stream',
  parquet: 'application/vnd.apache.parquet',
};

const typeOf = (path: string): string =>
  getMimeType(path) ?? TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/**
 * Files below `folder` by their path; a folder is its `index.html`, its address ends with `/`. Null where there is no such
 * file, and for everything but GET and HEAD.
 */
export function staticFiles(folder: string): (request: Request) => Promise<Response | null> {
  const root = resolve(folder);
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return null;
    const url = new URL(request.url);
    const pathname = decoded(url.pathname);
    if (pathname === undefined || pathname.includes('\0')) return null;
    let path = join(root, pathname);
    if (path !== root && !path.startsWith(root + sep)) return null;
    let info = await stat(path).catch(() => undefined);
    if (info?.isDirectory()) {
      path = join(path, 'index.html');
      info = await stat(path).catch(() => undefined);
      if (info && !pathname.endsWith('/'))
        return new Response(null, { status: 308, headers: { location: `${url.pathname}/${url.search}` } });
    }
    if (!info?.isFile()) return null;
    const etag = `"${info.size.toString(36)}-${Math.round(info.mtimeMs).toString(36)}"`;
    const headers = {
      etag,
      'cache-control': 'no-cache',
      'content-type': typeOf(path),
      'content-length': String(info.size),
      'x-content-type-options': 'nosniff',
    };
    if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } });
    if (request.method === 'HEAD') return new Response(null, { headers });
    return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, { headers });
  };
}
