import type { Example, FeatureExamples } from '../schema/examples.ts';

/** A sample as one row of tokens with their activations: patches first, row by row, then the text. */
export interface TokenRow {
  readonly tokens: string[];
  readonly values: number[];
  /** Place of the largest value. */
  readonly top: number;
}

/** What stands for a patch in formats that know only text. */
export const patchToken = (row: number, column: number): string => `<image ${row},${column}>`;

export function tokenRow(record: FeatureExamples, example: Example): TokenRow {
  const sample = record.samples[example.sample]!;
  const { rows, columns } = sample.grid ?? { rows: 0, columns: 0 };
  const patches = Array.from({ length: rows * columns }, (_, i) => patchToken(Math.floor(i / columns), i % columns));
  const tokens = [...patches, ...sample.tokens];
  const values = new Array<number>(tokens.length).fill(0);
  for (const [i, at] of example.image.index.entries()) values[at] = example.image.value[i]!;
  for (const [i, at] of example.text.index.entries()) values[patches.length + at] = example.text.value[i]!;
  const top = values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
  return { tokens, values, top };
}
