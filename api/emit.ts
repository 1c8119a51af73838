import { fileURLToPath } from 'node:url';
import { fsRegistry } from '#release/registry-fs.ts';
import { createApp } from './app.ts';
import { describeWithExamples } from './examples.ts';

/** The release that the examples of the committed description show. */
export const EXAMPLE_RELEASES = fileURLToPath(new URL('../test/golden-release', import.meta.url));

/** Text of `openapi.json`: the routes' own description, with examples from the golden release. */
export async function emitOpenApi(): Promise<string> {
  const releases = fsRegistry([EXAMPLE_RELEASES]);
  const app = createApp({ releases });
  const document = await describeWithExamples(app as never, (await releases.list())[0]!);
  return `${JSON.stringify(document, null, 1)}\n`;
}
