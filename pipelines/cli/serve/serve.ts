import { once } from 'node:events';
import type { Output } from '../output.ts';
import { interruptSignal } from '../run/interrupt.ts';
import { buildSite } from '../site/build.ts';
import { links, portOf, startServer } from './server.ts';

/** Builds the site where it must, serves it with the API, and returns after Ctrl-C. */
export async function serveReleases(releases: readonly string[], output: Output): Promise<void> {
  const port = portOf(process.env['PORT']);
  const { signal, dispose } = interruptSignal();
  try {
    output.note('building the site');
    const site = await buildSite(releases, signal);
    output.detail(site.built ? `built ${site.folder}` : `${site.folder} was built before`);
    const serving = await startServer({ releases, site: site.folder, port });
    for (const line of links(serving.url, releases)) output.line(line);
    output.document({ url: serving.url, releases, site: site.folder });
    output.note('Ctrl-C stops it');
    if (!signal.aborted) await once(signal, 'abort');
    await serving.close();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    dispose();
  }
}
