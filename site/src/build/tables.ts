import { columnValue } from '#release/columns.ts';
import type { QualityRow } from '#release/schema/index.ts';
import { count, fixed, interval, percent } from '../render/number.ts';
import type { SiteRelease } from './releases.ts';

/** A cell of a report's table; a link where there is a page to read on. */
export type TableCell = string | { readonly text: string; readonly href: string };

export interface ReportTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableCell[])[];
}

function models({ reader }: SiteRelease): ReportTable {
  return {
    caption: 'The models that were compared.',
    columns: ['role', 'model', 'parameters', 'layers', 'heads a layer', 'width'],
    rows: reader.manifest.models.map((m) => [
      m.role,
      m.id,
      count(m.parameters),
      count(m.layers),
      count(m.heads),
      count(m.d_model),
    ]),
  };
}

/** The start on held-out base text, the end on the two kinds of token of the multimodal stream. */
export const isHeadline = (row: QualityRow): boolean =>
  (row.stage === 'S' && row.stream.startsWith('base/') && row.token_class === 'all') ||
  (row.stage === 'F' && row.token_class !== 'all');

function dictionaries({ quality }: SiteRelease): ReportTable {
  return {
    caption: 'Dictionaries on held-out tokens. L0: features that fire on a token; silent: features that fire on none.',
    columns: ['layer', 'stage, stream, tokens', 'FVU', 'L0', 'silent', 'n'],
    rows: quality.rows
      .filter(isHeadline)
      .map((row) => [
        count(row.layer),
        `${row.stage}, ${row.stream}, ${row.token_class}`,
        `${fixed(row.fvu.value, 3)} ${interval(row.fvu, 3)}`,
        fixed(row.l0.value, 1),
        percent(row.dead_fraction, 1),
        `${count(row.fvu.n)} samples, ${count(row.tokens)} tokens`,
      ]),
  };
}

function layers({ summary }: SiteRelease): ReportTable {
  return {
    caption: 'Features by layer.',
    columns: ['layer', 'features', 'silent', 'adapted', 'strictly', 'suspect', 'spatial'],
    rows: summary.layers.map((l) =>
      [l.layer, l.features, l.dead, l.adapted, l.adapted_strict, l.suspect, l.spatial].map(count),
    ),
  };
}

/** Every spatial feature with its held-out effect, largest first, and how many the word alone explains. */
async function spatial({ id, reader }: SiteRelease): Promise<{ table: ReportTable; decoys: number }> {
  const columns = await reader.columns([
    'spatial',
    'decoy',
    'risk_difference',
    'risk_difference_low',
    'risk_difference_high',
  ]);
  const value = (name: string, i: number): number | null => {
    const data = columns.get(name);
    return data === undefined ? null : columnValue(data, i);
  };
  const all = Array.from({ length: reader.count }, (_, i) => i);
  const difference = (i: number): number => value('risk_difference', i) ?? Number.NEGATIVE_INFINITY;
  const chosen = all.filter((i) => value('spatial', i) === 1).sort((a, b) => difference(b) - difference(a));
  const labels = await reader.labels(chosen);
  return {
    decoys: all.filter((i) => value('decoy', i) === 1).length,
    table: {
      caption: 'Spatial features and their risk difference on the samples that did not choose them.',
      columns: ['feature', 'layer', 'risk difference', 'label'],
      rows: chosen.map((i, place) => {
        const at = reader.locate(i);
        const effect = value('risk_difference', i);
        const ends = { low: value('risk_difference_low', i), high: value('risk_difference_high', i) };
        return [
          { text: at.id, href: `/r/${id}/${at.id}/` },
          count(at.layer),
          effect === null ? 'not measured' : `${fixed(effect)} ${interval(ends)}`,
          labels[place] as string,
        ];
      }),
    },
  };
}

/** Tables of a report, each read from the release. */
export async function tablesOf(release: SiteRelease) {
  const { table, decoys } = await spatial(release);
  return {
    models: models(release),
    dictionaries: dictionaries(release),
    layers: layers(release),
    spatial: table,
    decoys: count(decoys),
  };
}
export type Tables = Awaited<ReturnType<typeof tablesOf>>;
