import { type ColumnData, columnValue } from '#release/columns.ts';
import { type Html, html } from '../render/html.ts';
import { degrees, fixed } from '../render/number.ts';
import { type Ridge, ridges } from '../render/ridges.ts';
import type { SiteRelease } from './releases.ts';
import { median, quantile } from './samples.ts';

/** Angles of one layer's features by a cosine column, in degrees; null where the release has none. */
function angles({ reader }: SiteRelease, column: ColumnData | undefined, place: number): number[] | null {
  const per = reader.manifest.features_per_layer;
  if (column === undefined) return null;
  const values = Array.from({ length: per }, (_, i) => columnValue(column, place * per + i)).filter((v) => v !== null);
  return values.length === 0 ? null : values.map(degrees);
}

/** Which layers turn: each layer's angles beside those of the text-only control (or, failing that, of another seed). */
export async function rotationRidges(release: SiteRelease): Promise<{ plot: Html; control: string | null }> {
  const { reader } = release;
  const columns = await reader.columns(['cos_s_f', 'cos_s_c', 'cos_s_f2']);
  const has = (name: string): boolean => angles(release, columns.get(name), 0) !== null;
  const [controlColumn, control] = has('cos_s_c')
    ? (['cos_s_c', 'fine-tuned on the words without pictures'] as const)
    : has('cos_s_f2')
      ? (['cos_s_f2', 'another seed'] as const)
      : ([null, null] as const);
  const rows = reader.manifest.layers.map((layer, place): Ridge => {
    const values = angles(release, columns.get('cos_s_f'), place) ?? [];
    const beside = controlColumn && angles(release, columns.get(controlColumn), place);
    return {
      label: `Layer ${layer}`,
      values,
      control: beside,
      text: html`<b>${fixed(median(values) || 0, 1)}°</b>${beside && html` <span class="n">control ${fixed(median(beside), 1)}°</span>`}`,
    };
  });
  const all = rows.flatMap((row) => [...row.values, ...(row.control ?? [])]);
  return {
    plot: ridges(
      rows,
      'angle between a feature’s decoder row before and after (degrees); numbers: medians',
      0,
      quantile(all, 0.995) || 0,
    ),
    control,
  };
}
