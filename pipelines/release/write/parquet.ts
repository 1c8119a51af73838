import type { BasicType, ColumnSource } from 'hyparquet-writer';
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { SCALARS, type Scalar } from '../scalars.ts';
import type { Feature } from '../schema/feature.ts';

interface ParquetColumn {
  readonly name: string;
  readonly type: BasicType;
  readonly nullable: boolean;
  readonly of: (feature: Feature) => unknown;
}

const TYPES: Record<Scalar['kind'], BasicType> = {
  number: 'DOUBLE',
  integer: 'INT32',
  flag: 'BOOLEAN',
  class: 'STRING',
};
const VALUES: Record<Scalar['kind'], (scalar: Scalar, feature: Feature) => unknown> = {
  number: (scalar, feature) => scalar.of(feature),
  integer: (scalar, feature) => scalar.of(feature),
  flag: (scalar, feature) => scalar.of(feature) === 1,
  class: (scalar, feature) => scalar.values?.[scalar.of(feature) ?? -1] ?? null,
};
const json = (name: string, of: (feature: Feature) => unknown): ParquetColumn => ({
  name,
  type: 'STRING',
  nullable: true,
  of: (f) => {
    const value = of(f);
    return value === null ? null : JSON.stringify(value);
  },
});
const text = (name: string, of: (feature: Feature) => string): ParquetColumn => ({
  name,
  type: 'STRING',
  nullable: false,
  of,
});

/** Columns of `features/L<ll>.parquet`: id and texts, every scalar at full precision, evidence as JSON texts. */
export const PARQUET_COLUMNS: readonly ParquetColumn[] = [
  text('id', (f) => f.id),
  text('label', (f) => f.label.text),
  text('label_maker', (f) => f.label.maker),
  text('sentence', (f) => f.sentence),
  ...SCALARS.map(
    (s): ParquetColumn => ({ name: s.name, type: TYPES[s.kind], nullable: true, of: (f) => VALUES[s.kind](s, f) }),
  ),
  json('spatial_evidence', (f) => f.spatial),
  json('heads', (f) => f.heads),
  json('causal', (f) => f.causal),
  json('promoted', (f) => f.promoted),
  json('suppressed', (f) => f.suppressed),
  json('neighbours', (f) => f.neighbours),
  json('matches', (f) => f.matches),
];

const GROUP = 2048;

/** One Parquet file, row group by row group. */
export class ParquetBuilder {
  readonly #out = new ByteWriter(65_536);
  readonly #writer: ParquetWriter;
  #rows: Feature[] = [];

  constructor() {
    this.#writer = new ParquetWriter({
      writer: this.#out,
      schema: schemaFromColumnData({ columnData: columnsOf([]) }),
      createdBy: 'parallax',
    });
  }

  add(feature: Feature): void {
    this.#rows.push(feature);
    if (this.#rows.length === GROUP) this.#flush();
  }

  #flush(): void {
    if (this.#rows.length > 0) this.#writer.write({ columnData: columnsOf(this.#rows), rowGroupSize: GROUP });
    this.#rows = [];
  }

  finish(): Uint8Array {
    this.#flush();
    this.#writer.finish();
    return this.#out.getBytes();
  }
}

const columnsOf = (rows: readonly Feature[]): ColumnSource[] =>
  PARQUET_COLUMNS.map(({ name, type, nullable, of }) => ({
    name,
    type,
    nullable,
    data: rows.map(of) as ColumnSource['data'],
  }));
