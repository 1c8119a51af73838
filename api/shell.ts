import type { AppDeps, Pages } from './deps.ts';

/** Where the site's build puts the page with the two marks. */
const shellPath = (kind: 'feature' | 'head'): string => `/r/_shell/${kind}/`;

/** Pages made from the site's own shells and functions. @param assets static files of the site */
export const shellPages = (
  assets: NonNullable<AppDeps['assets']>,
  render: Pick<Pages, 'renderFeature' | 'renderHead' | 'near'>,
): Pages => ({
  ...render,
  async shell(kind) {
    const found = await assets(new Request(`https://site.invalid${shellPath(kind)}`));
    return found?.ok ? found.text() : null;
  },
});
