import type { Command } from 'commander';
import { ParallaxError } from '../../config/errors.ts';
import { headId } from '../../release/ids.ts';
import { type Permalink, parsePermalink, parseTarget } from '../../release/permalink.ts';
import { outputOf } from '../output.ts';

/** What `L3F12`, `H3.5`, `/r/<release>/L3F12` or a whole address names. Throws misuse. */
export function parseShown(text: string): { release?: string; target: Permalink['target'] } {
  const target = parseTarget(text);
  if (target && target.kind !== 'release') return { target };
  const permalink = parsePermalink(text.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*$/, ''));
  if (permalink) return { release: permalink.release.text, target: permalink.target };
  throw new ParallaxError(`"${text}" is no id and no permalink`, 'write L3F12, H3.5 or /r/<release>/L3F12', {
    misuse: true,
  });
}

export function showCommand(program: Command): void {
  program
    .command('show')
    .description("print a feature's or a head's card")
    .argument('<id>', 'L3F12, H3.5, or a permalink')
    .option('--release <release>', 'folder, id or name of the release (default: the one that a run made last)')
    .addHelpText('after', '\nExamples:\n  $ parallax show L3F12\n  $ parallax show /r/demo/H1.0')
    .action(async (id: string, options: { release?: string }, command: Command) => {
      const output = outputOf(command);
      const { release, target } = parseShown(id);
      const [{ openRelease }, { featureCard, headCard }] = await Promise.all([
        import('../release/open.ts'),
        import('./card.ts'),
      ]);
      const { reader } = await openRelease(options.release ?? release);
      const missing = (what: string, next: string) => new ParallaxError(`${what} is not in ${reader.id}`, next);
      const { layers, features_per_layer: features } = reader.manifest;
      if (target.kind === 'feature') {
        const feature = await reader.feature(target.layer, target.index);
        if (!feature) throw missing(id, `layers: ${layers.join(', ')}; features 0-${features - 1}`);
        for (const line of featureCard(reader.id, feature)) output.line(line);
        output.document(feature);
      } else if (target.kind === 'head') {
        const { heads } = await reader.heads();
        const head = heads.find((record) => record.id === headId(target.layer, target.head));
        if (!head) throw missing(id, `${heads.length} heads, ${heads[0]?.id} to ${heads.at(-1)?.id}`);
        for (const line of headCard(reader.id, head)) output.line(line);
        output.document(head);
      } else throw new ParallaxError(`"${id}" names no feature and no head`, 'write L3F12 or H3.5', { misuse: true });
    });
}
