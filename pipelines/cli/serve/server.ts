import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { basename, join } from 'node:path';
import { serve } from '@hono/node-server';
import { createApp } from '../../../api/app.ts';
import { shellPages } from '../../../api/shell.ts';
import { renderFeature } from '../../../site/src/render/feature.ts';
import { renderHead } from '../../../site/src/render/head.ts';
import { near } from '../../../site/src/render/near.ts';
import { ParallaxError } from '../../config/errors.ts';
import type { AskText } from '../../release/probe/text.ts';
import { fsRegistry } from '../../release/registry-fs.ts';
import { staticFiles } from './assets.ts';

const KERNEL = new URL('../../../api/probe-kernel.wasm', import.meta.url);
let kernel: Promise<WebAssembly.Module> | undefined;
const probeModule = (): Promise<WebAssembly.Module> => {
  kernel ??= readFile(KERNEL).then((bytes) => WebAssembly.compile(bytes));
  return kernel;
};

/** Texts by the models of a built site. The engine is loaded with the first of them. */
function textsOf(site: string): AskText {
  let made: Promise<AskText> | undefined;
  return async (request) => {
    made ??= import('../../publish/probe/text/answer.ts').then(({ createTextProbe }) =>
      createTextProbe((path) => readFile(join(site, path)).catch(() => null)),
    );
    return (await made)(request);
  };
}

/** A site and an API that answer on one address. */
export interface Serving {
  readonly url: string;
  /** Stops taking requests, ends the ones at work. */
  close(): Promise<void>;
}

/**
 * Serves releases, API and static pages on one port of this machine.
 * Throws `ParallaxError` where the port is taken or not allowed.
 */
export async function startServer(options: {
  readonly releases: readonly string[];
  readonly site: string;
  readonly port: number;
}): Promise<Serving> {
  const { releases, site, port } = options;
  const origin = process.env['PARALLAX_ORIGIN'];
  const problems = process.env['PARALLAX_PROBLEMS'];
  const assets = staticFiles(site);
  const app = createApp({
    releases: fsRegistry(releases),
    assets,
    pages: shellPages(assets, { renderFeature, renderHead, near }),
    probeModule,
    askText: textsOf(site),
    gzip: true,
    report: (error) => process.stderr.write(`${error.stack ?? error.message}\n`),
    ...(origin ? { origin } : {}),
    ...(problems ? { problems } : {}),
  });
  const server = serve({ fetch: app.fetch, port, hostname: process.env['HOST'] ?? '127.0.0.1' }) as Server;
  try {
    await once(server, 'listening');
  } catch (cause) {
    const why = { EADDRINUSE: 'is taken by another program', EACCES: 'is not allowed' }[
      (cause as { code: string }).code
    ];
    if (!why) throw cause;
    throw new ParallaxError(
      `port ${port} ${why}`,
      `stop that program, or choose another port, as in PORT=${port + 1}`,
      { cause },
    );
  }
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://localhost:${actual}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** Lines that say what is served, with links to open. */
export const links = (url: string, releases: readonly string[]): string[] => [
  `${url}/`,
  ...releases.map((folder) => `${url}/r/${basename(folder)}/`),
  `${url}/api/v1/releases`,
];

/** The port that `PORT` asks for, 8787 where it does not. Throws misuse. */
export function portOf(text: string | undefined): number {
  if (text === undefined || text === '') return 8787;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port;
  throw new ParallaxError(`PORT=${text} is no port`, 'choose a number from 1 to 65535', { misuse: true });
}
