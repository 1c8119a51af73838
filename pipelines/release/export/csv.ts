import { layerName } from '../ids.ts';
import { SCALARS } from '../scalars.ts';
import type { Feature } from '../schema/feature.ts';
import { type ExportFormat, featuresOf } from './format.ts';

type Cell = string | number | boolean | null;

/** A field of RFC 4180; a text that a spreadsheet would run as a formula gets a quotation mark in front. */
export function csvField(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const COLUMNS: readonly [string, (f: Feature) => Cell][] = [
  ['id', (f) => f.id],
  ['label', (f) => f.label.text],
  ['label_maker', (f) => f.label.maker],
  ['sentence', (f) => f.sentence],
  ...SCALARS.map((s): [string, (f: Feature) => Cell] => [
    s.name,
    (f) => {
      const value = s.of(f);
      return s.kind === 'flag' ? value === 1 : s.kind === 'class' ? (s.values?.[value ?? -1] ?? null) : value;
    },
  ]),
];
const line = (cells: readonly Cell[]): string => `${cells.map(csvField).join(',')}\r\n`;

/** `L<ll>.csv`: a row a feature, every scalar. */
export const csv: ExportFormat = {
  title: 'CSV, a file a layer',
  async *files(reader) {
    for (const layer of reader.manifest.layers) {
      const lines = [line(COLUMNS.map(([name]) => name))];
      for await (const { feature } of featuresOf(reader, layer)) lines.push(line(COLUMNS.map(([, of]) => of(feature))));
      yield { path: `${layerName(layer)}.csv`, text: lines.join('') };
    }
  },
};
