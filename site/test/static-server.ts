import { readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.csv': 'text/csv',
};

/** A bare file server as the cheapest hosts are: folders by `index.html`, `404.html` for the rest, no ranges. */
export async function serveFolder(root: string, port = 0): Promise<{ origin: string; close: () => Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname);
    const file = normalize(join(root, path));
    if (!file.startsWith(normalize(root) + sep) && file !== normalize(root)) return response.writeHead(400).end();
    const found = await stat(file).catch(() => null);
    if (found?.isDirectory() && !path.endsWith('/'))
      return response.writeHead(301, { location: `${encodeURI(path)}/` }).end();
    const target = found?.isDirectory() ? join(file, 'index.html') : file;
    const body = await readFile(target).catch(() => null);
    if (body)
      return response
        .writeHead(200, { 'content-type': TYPES[extname(target)] ?? 'application/octet-stream' })
        .end(body);
    const missing = await readFile(join(root, '404.html')).catch(() => 'not found');
    return response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end(missing);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((done) => server.close(() => done()).closeAllConnections()),
  };
}
