import type { Manifest } from '#release/schema/index.ts';
import type { Rule } from './rule.ts';

/** The thresholds of the paper, for releases whose settings do not say theirs. */
const PAPER = { eps: 0.01, percentile: 25 };

/** The rule that the release itself used. */
export function standardRule(manifest: Pick<Manifest, 'settings'>): Rule {
  const diff = manifest.settings['diff'];
  const of = (name: 'eps' | 'percentile'): number => {
    const value = diff !== null && typeof diff === 'object' ? (diff as Record<string, unknown>)[name] : undefined;
    return typeof value === 'number' ? value : PAPER[name];
  };
  return { eps: of('eps'), percentile: of('percentile'), strict: false };
}
