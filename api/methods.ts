import { OPERATIONS } from './operations.ts';

interface Known {
  readonly pattern: RegExp;
  readonly method: string;
}

/** A path with `{name}` parts as a pattern. */
const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);

const KNOWN: readonly Known[] = OPERATIONS.map(({ route }) => ({
  pattern: patternOf(route.path),
  method: route.method.toUpperCase(),
}));
const PAGES = /^\/((r|data)\/|oembed$)/;

/** Methods that a path answers; empty when there is nothing at it. */
export function methodsOf(pathname: string): string[] {
  const found = new Set(KNOWN.filter((k) => k.pattern.test(pathname)).map((k) => k.method));
  if (PAGES.test(pathname) || pathname === '/api/v1/openapi.json') found.add('GET');
  if (found.size === 0) return [];
  if (found.has('GET')) found.add('HEAD');
  return [...found, 'OPTIONS'].sort();
}
