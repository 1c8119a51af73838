import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { SiteRelease } from '../releases.ts';

export type Cell = string | number | null;

/** A numbered figure of a report: drawn from a table, which is also what its CSV holds. */
export interface Figure {
  readonly name: string;
  /** What is seen, in words. */
  readonly alt: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly plot: (width: number) => Plot.PlotOptions;
}

/** A figure of a release, null where the release has not what it shows. */
export type FigureMaker = (release: SiteRelease) => Promise<Figure | null>;

/** A figure with its number on the page. */
export type Numbered = Figure & { readonly number: number };

/** Figures by name, numbered in order; those that the release cannot give are left out. */
export function numbered<Name extends string>(
  all: readonly (readonly [Name, Figure | null])[],
): ReadonlyMap<Name, Numbered> {
  const figures = new Map<Name, Numbered>();
  for (const [name, figure] of all) if (figure) figures.set(name, { ...figure, number: figures.size + 1 });
  return figures;
}

export const WIDE = 660;
export const NARROW = 350;

/** Draws a figure to SVG without style sheets or inline styles; the page's own style sheet finds its parts by tag. */
export function draw(figure: Figure, width: number): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    marginLeft: 56,
    marginBottom: 40,
    ...figure.plot(width),
    width,
    document: document as unknown as Document,
  }) as unknown as SVGSVGElement;
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const element of [svg, ...svg.querySelectorAll('*')]) {
    element.removeAttribute('style');
    // A name is for what has a role; the drawing as a whole has one, its groups have none.
    element.removeAttribute('aria-label');
    if (element.getAttribute('class')?.startsWith('plot-')) element.removeAttribute('class');
  }
  svg.setAttribute('class', 'drawn');
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('font-family', 'var(--sans)');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', figure.alt);
  return svg.outerHTML;
}

const quoted = (cell: Cell): string =>
  cell === null ? '' : /[",\n\r]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell);

export const csvOf = (figure: Figure): string =>
  `${[figure.columns, ...figure.rows].map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`;
