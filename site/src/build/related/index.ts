import type { RelatedFile } from '#release/schema/index.ts';
import type { Numbered } from '../figures/figure.ts';
import { numbered } from '../figures/figure.ts';
import { RELATED_FIGURES, type RelatedFigureName } from './figures.ts';

/** Every figure of the related analyses that a release can give, numbered as they stand; none where it has no such file. */
export function relatedFigures(related: RelatedFile | null): ReadonlyMap<RelatedFigureName, Numbered> {
  const names = Object.keys(RELATED_FIGURES) as RelatedFigureName[];
  return numbered(names.map((name) => [name, related && RELATED_FIGURES[name](related)] as const));
}
