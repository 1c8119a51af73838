import { columnValue } from './columns.ts';
import { ReleaseError } from './errors.ts';
import type { ReleaseReader } from './reader.ts';

/** Thresholds of the adaptation rule: energy on pictures above `eps`, cosine at or below `rotation`, and, where given, the lower end of the vision preference above `preference`. */
export interface Thresholds {
  readonly rotation: number;
  readonly eps: number;
  readonly preference: number | null;
}

export interface SensitivityResult {
  readonly count: number;
  readonly share: number;
  /** Overlap with the features that the release calls adapted; null where neither has any. */
  readonly jaccard: number | null;
  /** The same rule on the rotation of the text-only control, over the features that have one. */
  readonly control: { readonly count: number; readonly n: number } | null;
  readonly layers: { readonly layer: number; readonly count: number }[];
}

async function values(reader: ReleaseReader, name: string): Promise<(ordinal: number) => number | null> {
  const column = await reader.column(name);
  if (!column)
    throw new ReleaseError(
      'not-found',
      `columns/${name}.bin: this release has none`,
      'check the release with `parallax verify`',
    );
  return (ordinal) => columnValue(column, ordinal);
}

/** What the rule selects at other thresholds. A feature without a value is not selected. */
export async function sensitivity(
  reader: ReleaseReader,
  { rotation, eps, preference }: Thresholds,
): Promise<SensitivityResult> {
  const [cosine, control, energy, low, adapted] = (await Promise.all(
    ['cos_s_f', 'cos_s_c', 'energy_vision', 'preference_low', 'adapted'].map((name) => values(reader, name)),
  )) as [Getter, Getter, Getter, Getter, Getter];
  const per = reader.manifest.features_per_layer;
  const layers = reader.manifest.layers.map((layer) => ({ layer, count: 0 }));
  let [count, both, either, controls, controlled] = [0, 0, 0, 0, 0];
  for (let ordinal = 0; ordinal < reader.count; ordinal += 1) {
    const active =
      (energy(ordinal) ?? Number.NEGATIVE_INFINITY) > eps &&
      (preference === null || (low(ordinal) ?? Number.NEGATIVE_INFINITY) > preference);
    const selected = active && (cosine(ordinal) ?? Number.POSITIVE_INFINITY) <= rotation;
    const before = adapted(ordinal) === 1;
    const c = control(ordinal);
    if (c !== null) {
      controls += 1;
      controlled += Number(active && c <= rotation);
    }
    count += Number(selected);
    both += Number(selected && before);
    either += Number(selected || before);
    if (selected) layers[Math.floor(ordinal / per)]!.count += 1;
  }
  return {
    count,
    share: reader.count === 0 ? 0 : count / reader.count,
    jaccard: either === 0 ? null : both / either,
    control: controls === 0 ? null : { count: controlled, n: controls },
    layers,
  };
}

type Getter = (ordinal: number) => number | null;
