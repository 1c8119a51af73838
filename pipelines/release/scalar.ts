import type { ColumnType } from './schema/columns.ts';
import type { Feature, StageMetrics } from './schema/feature.ts';

/** One scalar of a feature: a column of the explorer, a filter and sort of the API, a column of the Parquet. */
export interface Scalar {
  readonly name: string;
  readonly title: string;
  /** Empty for pure numbers. */
  readonly unit: string;
  readonly description: string;
  readonly group: string;
  readonly kind: 'number' | 'integer' | 'flag' | 'class';
  readonly type: ColumnType;
  readonly values: readonly string[] | null;
  readonly of: (feature: Feature) => number | null;
}

type Of = Scalar['of'];
/** A float32 scalar. */
export const number = (name: string, title: string, group: string, description: string, of: Of, unit = ''): Scalar => ({
  name,
  title,
  unit,
  description,
  group,
  kind: 'number',
  type: 'f32',
  values: null,
  of,
});
export const integer = (
  name: string,
  title: string,
  group: string,
  type: ColumnType,
  description: string,
  of: Of,
): Scalar => ({
  ...number(name, title, group, description, of),
  kind: 'integer',
  type,
});
export const flag = (name: keyof Feature['flags'], title: string, description: string): Scalar => ({
  ...number(name, title, 'flags', description, (f) => (f.flags[name] ? 1 : 0)),
  kind: 'flag',
  type: 'u8',
});
export const stage = (name: keyof StageMetrics, title: string, description: string): Scalar =>
  number(name, title, 'stages', description, (f) => f.stages[name]);
