import type { Command } from 'commander';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import { outputOf } from '../output.ts';

/** The Worker that the environment `text` of wrangler.toml is bound to. */
const TEXT_PROBE = 'pipelines/publish/probe/text/wrangler.toml';

export function publishCommand(program: Command): void {
  program
    .command('publish')
    .description("deploy site and API to Cloudflare Workers, with the reader's own account")
    .argument('[release...]', 'folders, ids or names of releases (default: the newest of every name)')
    .option('--r2', 'leave the files of releases to an R2 bucket, for those too large for static files')
    .option('--text-probe', 'also the Worker that runs a demo-size model on texts (paid plan)')
    .option('--dry-run', 'build, check and bundle; deploy nothing')
    .addHelpText('after', '\nExample:\n  $ npx wrangler login\n  $ parallax publish demo --dry-run')
    .action(
      async (wanted: string[], options: { dryRun?: boolean; r2?: boolean; textProbe?: boolean }, command: Command) => {
        const output = outputOf(command);
        const [{ findReleases }, { buildSite }, { checkSite, leaveToBucket }, { wrangler }] = await Promise.all([
          import('../release/find.ts'),
          import('../site/build.ts'),
          import('../../publish/limits.ts'),
          import('../../publish/wrangler.ts'),
        ]);
        const releases = await findReleases(wanted);
        output.note('building the site');
        const site = await buildSite(releases);
        const bucket = options.r2 === true;
        await leaveToBucket(site.folder, bucket);
        const size = await checkSite(site.folder, { bucket });
        output.line(`${size.files} files, ${(size.bytes / 2 ** 20).toFixed(1)} MiB, the largest ${size.largest.path}`);
        const deploy = (words: readonly string[], out: string) =>
          wrangler(['deploy', ...words, ...(options.dryRun ? ['--dry-run', '--outdir', out] : [])], PACKAGE_ROOT);
        if (options.textProbe) await deploy(['--config', TEXT_PROBE], '.parallax/text-worker');
        await deploy(['--env', options.textProbe ? 'text' : ''], '.parallax/worker');
        output.document({ releases, ...size, deployed: options.dryRun !== true });
      },
    );
}
