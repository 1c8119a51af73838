import { columnValue } from '#release/columns.ts';
import type { ReleaseReader } from '#release/reader.ts';

export type Cell = number | string | boolean | null;

/** Scalars that a row shows when none are asked for. */
export const DEFAULT_FIELDS = [
  'layer',
  'index',
  'class',
  'spatial',
  'adapted',
  'cos_s_f',
  'preference',
  'risk_difference',
];

const KINDS = {
  number: (value: number) => Number(value.toPrecision(7)),
  integer: (value: number) => value,
  flag: (value: number) => value === 1,
  class: (value: number, names: readonly string[]) => names[value] ?? null,
} as const;

/** Rows of features: id, label, and the scalars in `fields`, float32 with the seven digits that they hold. */
export async function rowsOf(reader: ReleaseReader, ordinals: readonly number[], fields: readonly string[]) {
  const [columns, labels] = await Promise.all([reader.columns(fields), reader.labels(ordinals)]);
  return ordinals.map((ordinal, i) => {
    const values: Record<string, Cell> = {};
    for (const [name, data] of columns) {
      const value = columnValue(data, ordinal);
      values[name] = value === null ? null : KINDS[data.column.kind](value, data.column.values ?? []);
    }
    return { id: reader.locate(ordinal).id, label: labels[i]!, values };
  });
}
