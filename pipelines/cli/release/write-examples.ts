import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createApp } from '../../../api/app.ts';
import { recordExamples } from '../../../api/examples.ts';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import { buildProbes } from '../../publish/probe/build/index.ts';
import { createTextProbe } from '../../publish/probe/text/answer.ts';
import { checkRecord } from '../../release/check.ts';
import { ReleaseReader } from '../../release/reader.ts';
import { fsRegistry } from '../../release/registry-fs.ts';
import { fsSource } from '../../release/source-fs.ts';
import { findRelease } from './find.ts';

/**
 * Script (`npm run examples`): records the examples of `openapi.json` from the demo release in `.parallax/`, or from the folder
 * given, into `fixtures/api-examples.json`.
 */
const folder = await findRelease(process.argv[2] ?? 'demo', join(PACKAGE_ROOT, '.parallax'));
const reader = await ReleaseReader.open(fsSource(folder), { id: basename(folder), check: checkRecord });
const site = await mkdtemp(join(tmpdir(), 'parallax-examples-'));
try {
  await buildProbes(site, [folder]);
  const app = createApp({
    releases: fsRegistry([folder]),
    askText: createTextProbe((path) => readFile(join(site, path)).catch(() => null)),
  });
  const telling = reader.locate((await reader.order())[0]!);
  const heads = (await reader.heads()).heads;
  const answers = await recordExamples(app as never, {
    release: reader.id,
    feature: telling.id,
    layer: String(telling.layer),
    head: heads.find(({ rank }) => rank === 1)!.id,
    width: String(reader.manifest.models[0]!.d_model),
  });
  const text = `${JSON.stringify({ release: reader.id, answers }, null, 1)}\n`;
  await writeFile(join(PACKAGE_ROOT, 'fixtures/api-examples.json'), text);
} finally {
  await rm(site, { recursive: true, force: true });
}
