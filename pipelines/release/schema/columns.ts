import { z } from 'zod';

/** Element types of a column. The largest value of an integer type, and NaN, stand for "no value". */
export const ColumnType = z.enum(['u8', 'u16', 'u32', 'f32']);
export type ColumnType = z.infer<typeof ColumnType>;

export const Column = z.object({
  name: z.string().regex(/^[a-z0-9_]{1,40}$/),
  title: z.string(),
  /** Empty for pure numbers. */
  unit: z.string(),
  description: z.string(),
  group: z.string(),
  kind: z.enum(['number', 'integer', 'flag', 'class']),
  type: ColumnType,
  /** Names of the values 0, 1, ... of a class. */
  values: z.array(z.string()).nullable(),
  /** Over the features that have a value; null when none has. */
  min: z.number().nullable(),
  max: z.number().nullable(),
  missing: z.int().min(0),
});
export type Column = z.infer<typeof Column>;

/** `columns.json`: what `columns/<name>.bin` hold, little-endian, one element a feature in order of layer and index. */
export const ColumnsFile = z.object({ count: z.int().min(0), columns: z.array(Column) });
export type ColumnsFile = z.infer<typeof ColumnsFile>;
