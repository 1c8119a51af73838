import { featureId, headId, parseFeatureId, parseHeadId, parseReleaseId, RELEASE_NAME } from './ids.ts';

/** Suffixes under which a permalink's target has other forms, with their media types. */
export const SUFFIXES = {
  json: 'application/json',
  bib: 'application/x-bibtex',
  'csl.json': 'application/vnd.citationstyles.csl+json',
  ris: 'application/x-research-info-systems',
  txt: 'text/plain',
  ttl: 'text/turtle',
  jsonld: 'application/ld+json',
} as const;
export type Suffix = keyof typeof SUFFIXES;
/** The longest first, so that `.csl.json` is not read as `.json`. */
const BY_LENGTH = (Object.keys(SUFFIXES) as Suffix[]).sort((a, b) => b.length - a.length);

export type Target =
  | { readonly kind: 'release' }
  | { readonly kind: 'feature'; readonly layer: number; readonly index: number }
  | { readonly kind: 'head'; readonly layer: number; readonly head: number }
  | { readonly kind: 'report'; readonly path: string };

/** `/r/<release or name>[/<target>[.<suffix>]][?stage=F]` */
export interface Permalink {
  /** An id is for ever; a name is an alias of the newest release of that name. */
  readonly release: { readonly kind: 'id' | 'name'; readonly text: string };
  readonly target: Target;
  readonly suffix: Suffix | null;
  /** Stage that the page should open with. */
  readonly stage: string | null;
}

const REPORT = /^report(\/[a-z0-9][a-z0-9-]{0,60}){1,4}$/;
const STAGE = /^(S|D|M|F|F2|C)$/;

/** `L3F12`, `H3.5`, `report/...`, or '' for the release itself; null for anything else. */
export function parseTarget(text: string): Target | null {
  if (text === '') return { kind: 'release' };
  const feature = parseFeatureId(text);
  if (feature) return { kind: 'feature', ...feature };
  const head = parseHeadId(text);
  if (head) return { kind: 'head', ...head };
  return REPORT.test(text) ? { kind: 'report', path: text.slice('report/'.length) } : null;
}

const TARGET: { readonly [K in Target['kind']]: (target: Extract<Target, { kind: K }>) => string } = {
  release: () => '',
  feature: (t) => featureId(t.layer, t.index),
  head: (t) => headId(t.layer, t.head),
  report: (t) => `report/${t.path}`,
};
/** The one spelling of a target; '' for the release itself. */
export const formatTarget = (target: Target): string => (TARGET[target.kind] as (t: Target) => string)(target);

/** A release's id or name; null for anything else. */
export function parseReleaseText(text: string): Permalink['release'] | null {
  if (parseReleaseId(text)) return { kind: 'id', text };
  return RELEASE_NAME.test(text) ? { kind: 'name', text } : null;
}

/** Path and query of an address -> what it names; null for anything that is not a permalink in its one spelling. Total. */
export function parsePermalink(pathname: string, query = ''): Permalink | null {
  const match = /^\/r\/([^/]+)(?:\/(.+))?$/.exec(pathname);
  const release = match && parseReleaseText(match[1]!);
  const stage = parseStage(query);
  if (!release || stage === undefined) return null;
  const rest = match[2] ?? '';
  const whole = parseTarget(rest);
  if (whole) return { release, target: whole, suffix: null, stage };
  const suffix = BY_LENGTH.find((s) => rest.endsWith(`.${s}`));
  const target = suffix && parseTarget(rest.slice(0, -suffix.length - 1));
  return target && target.kind !== 'release' ? { release, target, suffix, stage } : null;
}

function parseStage(query: string): string | null | undefined {
  if (query === '' || query === '?') return null;
  const match = /^\?stage=([A-Z0-9]+)$/.exec(query);
  return match && STAGE.test(match[1]!) ? match[1]! : undefined;
}

/** The one spelling of a permalink; `parsePermalink` reads it back. */
export function formatPermalink({ release, target, suffix, stage }: Permalink): string {
  const text = formatTarget(target);
  return `/r/${release.text}${text && `/${text}`}${suffix ? `.${suffix}` : ''}${stage ? `?stage=${stage}` : ''}`;
}
