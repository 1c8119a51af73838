import type { Command } from 'commander';
import { PACKAGE_ROOT } from '../../config/paths.ts';
import { outputOf } from '../output.ts';

export function publishCommand(program: Command): void {
  program
    .command('publish')
    .description("deploy site and API to Cloudflare Workers, with the reader's own account")
    .argument('[release...]', 'folders, ids or names of releases (default: the newest of every name)')
    .option('--dry-run', 'build, check and bundle; deploy nothing')
    .addHelpText('after', '\nExample:\n  $ npx wrangler login\n  $ parallax publish demo --dry-run')
    .action(async (wanted: string[], options: { dryRun?: boolean }, command: Command) => {
      const output = outputOf(command);
      const [{ findReleases }, { buildSite }, { checkSite }, { wrangler }] = await Promise.all([
        import('../release/find.ts'),
        import('../site/build.ts'),
        import('../../publish/limits.ts'),
        import('../../publish/wrangler.ts'),
      ]);
      const releases = await findReleases(wanted);
      output.note('building the site');
      const site = await buildSite(releases);
      const size = await checkSite(site.folder);
      output.line(`${size.files} files, ${(size.bytes / 2 ** 20).toFixed(1)} MiB, the largest ${size.largest.path}`);
      await wrangler(
        ['deploy', ...(options.dryRun ? ['--dry-run', '--outdir', '.parallax/worker'] : [])],
        PACKAGE_ROOT,
      );
      output.document({ releases, ...size, deployed: options.dryRun !== true });
    });
}
