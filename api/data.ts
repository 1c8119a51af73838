import type { Context } from 'hono';
import { PATHS, parseReleaseId } from '#release/ids.ts';
import { sha256Hex } from '#release/sha256.ts';
import { fromAssets } from './assets.ts';
import type { AppEnv } from './deps.ts';
import { COMMON, FOREVER } from './headers.ts';
import { openRelease, pathOf } from './open.ts';
import { HttpProblem } from './problem.ts';
import { matches } from './respond.ts';

/** Media types by the end of a name. */
const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  webp: 'image/webp',
  cff: 'application/yaml',
  parquet: 'application/vnd.apache.parquet',
};
const typeOf = (path: string): string => TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/** `bytes=a-b`, `bytes=a-` or `bytes=-n` inside a file of `size`; null when the header is none of these, and is then ignored. */
export function parseRange(
  header: string | undefined,
  size: number,
): { offset: number; length: number } | 'outside' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const from = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const to = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (from >= size || to < from) return from >= size ? 'outside' : null;
  return { offset: from, length: to - from + 1 };
}

/** `/data/<release>/<path>`: the files of a release as they are, whole (checked) or in parts. */
export async function serveData(c: Context<AppEnv>): Promise<Response | null> {
  const [, , release = '', ...rest] = (pathOf(c) ?? '').split('/');
  const ready = await fromAssets(c, parseReleaseId(release) ? { 'cache-control': FOREVER } : {});
  if (ready) return ready;
  const path = rest.join('/');
  const reader = await openRelease(c, release);
  const entry = Object.hasOwn(reader.manifest.files, path) ? reader.manifest.files[path] : undefined;
  const manifest = path === PATHS.manifest ? await reader.manifestBytes() : null;
  if (!entry && !manifest)
    throw new HttpProblem(404, `path: ${reader.id} has no such file`, {
      field: 'path',
      next: `see /data/${reader.id}/manifest.json`,
    });
  const tag = `"${reader.id}:${entry?.sha256 ?? (await sha256Hex(manifest!))}"`;
  const headers = { ...COMMON, etag: tag, 'cache-control': FOREVER, 'accept-ranges': entry ? 'bytes' : 'none' };
  if (matches(c.req.header('if-none-match'), tag)) return new Response(null, { status: 304, headers });
  const range = entry ? parseRange(c.req.header('range'), entry.bytes) : null;
  if (entry && range === 'outside')
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${entry.bytes}` } });
  if (entry && range && range !== 'outside') {
    const part = (await reader.filePart(path, range))!;
    return new Response(part as Uint8Array<ArrayBuffer>, {
      status: 206,
      headers: {
        ...headers,
        'content-type': typeOf(path),
        'content-length': String(part.byteLength),
        'content-range': `bytes ${range.offset}-${range.offset + range.length - 1}/${entry.bytes}`,
      },
    });
  }
  const whole = manifest ?? (await reader.file(path))!;
  return new Response(whole as Uint8Array<ArrayBuffer>, {
    headers: { ...headers, 'content-type': typeOf(path), 'content-length': String(whole.byteLength) },
  });
}
