import { ReleaseError } from './errors.ts';
import { readBody } from './read-body.ts';
import type { Source } from './source.ts';

/** Files up to this size come into memory of their own at once, without copies; a manifest may claim more, and gets it as it comes. */
const AT_ONCE = 32 * 2 ** 20;

/**
 * A release behind an address. Hosts that ignore `Range` are read up to the end of the range and cut.
 * @param base address of the release's folder
 * @param fetcher the fetch to use: a Worker's assets binding, or the platform's
 * @throws ReleaseError `not-found` when the host answers neither the file nor 404
 */
export function fetchSource(base: string, fetcher: (request: Request) => Promise<Response> = (r) => fetch(r)): Source {
  const first = (response: Response, length: number) => readBody(response.body, length, Math.min(length, AT_ONCE));
  const root = base.endsWith('/') ? base : `${base}/`;
  return {
    async read(path, range) {
      const headers: HeadersInit = range ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {};
      const response = await fetcher(
        new Request(root + path.split('/').map(encodeURIComponent).join('/'), { headers }),
      );
      if (response.status === 404 || response.status === 416) {
        await response.body?.cancel();
        return null;
      }
      if (response.status === 206 && range) return first(response, range.length);
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new ReleaseError(
          'not-found',
          `${path}: the host answered ${response.status}`,
          'try again, or check the host',
        );
      }
      if (!range) return readBody(response.body, Number.POSITIVE_INFINITY);
      const bytes = await first(response, range.offset + range.length);
      // A copy, so that who keeps the part does not keep what came before it.
      return range.offset === 0 ? bytes : bytes.slice(range.offset);
    },
  };
}
