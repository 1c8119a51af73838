import { featureId } from '#release/ids.ts';
import type { ReleaseReader } from '#release/reader.ts';

/** Features of one layer by number -> the same with id and label, list by list; labels are read together. */
export async function labelled<T extends { readonly index: number }>(
  reader: ReleaseReader,
  layer: number,
  lists: readonly (readonly T[])[],
): Promise<(Omit<T, 'index'> & { readonly id: string; readonly label: string })[][]> {
  const start = reader.ordinal(layer, 0)!;
  const labels = await reader.labels(lists.flat().map(({ index }) => start + index));
  let at = 0;
  return lists.map((list) =>
    list.map(({ index, ...rest }) => ({ id: featureId(layer, index), label: labels[at++]!, ...rest })),
  );
}
