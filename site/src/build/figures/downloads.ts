import type { APIRoute } from 'astro';
import { standalone } from '../../design/tokens.ts';
import { relatedFigures } from '../related/index.ts';
import { releases, type SiteRelease } from '../releases.ts';
import { csvOf, draw, type Figure, WIDE } from './figure.ts';
import { figuresOf } from './index.ts';

const FORMS = {
  svg: { type: 'image/svg+xml', text: (figure: Figure) => standalone(draw(figure, WIDE)) },
  csv: { type: 'text/csv; charset=utf-8', text: csvOf },
} as const;

/** One address for each figure of each release, of one page. */
const pathsOf = (figures: (release: SiteRelease) => Promise<ReadonlyMap<string, Figure>>) => async () => {
  const all = await Promise.all(
    (await releases()).map(async (release) =>
      [...(await figures(release))].map(([name, figure]) => ({
        params: { release: release.id, figure: name },
        props: { figure },
      })),
    ),
  );
  return all.flat();
};

/** `getStaticPaths` of the report's figures, and of those of the related analyses. */
export const figurePaths = pathsOf(figuresOf);
export const relatedFigurePaths = pathsOf(async ({ related }) => relatedFigures(related));

/** The figure as a file of its own: a drawing without variables, or its table. */
export const serve =
  (form: keyof typeof FORMS): APIRoute =>
  ({ props }) =>
    new Response(FORMS[form].text(props['figure'] as Figure), { headers: { 'content-type': FORMS[form].type } });
