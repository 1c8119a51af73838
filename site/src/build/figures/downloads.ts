import type { APIRoute } from 'astro';
import { standalone } from '../../design/tokens.ts';
import { releases } from '../releases.ts';
import { csvOf, draw, type Figure, WIDE } from './figure.ts';
import { figuresOf } from './index.ts';

const FORMS = {
  svg: { type: 'image/svg+xml', text: (figure: Figure) => standalone(draw(figure, WIDE)) },
  csv: { type: 'text/csv; charset=utf-8', text: csvOf },
} as const;

/** One address for each figure of each release. */
export async function figurePaths() {
  const all = await Promise.all(
    (await releases()).map(async (release) =>
      [...(await figuresOf(release))].map(([name, figure]) => ({
        params: { release: release.id, figure: name },
        props: { figure },
      })),
    ),
  );
  return all.flat();
}

/** The figure as a file of its own: a drawing without variables, or its table. */
export const serve =
  (form: keyof typeof FORMS): APIRoute =>
  ({ props }) =>
    new Response(FORMS[form].text(props['figure'] as Figure), { headers: { 'content-type': FORMS[form].type } });
