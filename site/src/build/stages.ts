import { type ColumnData, columnValue } from '#release/columns.ts';
import type { Point } from '../render/density.ts';
import type { SiteRelease } from './releases.ts';

const NAMES = ['cos_d_f', 'cos_m_f', 'cos_s_c', 'cos_f_f2', 'suspect', 'spatial'];

/** The two paths of every feature, and what stands for them where nothing was learnt about pictures. */
export interface StageClouds {
  /** x: D to F, the model's change after the data; y: M to F, the data's change after the model. By layer. */
  readonly layers: readonly { readonly layer: number; readonly points: readonly Point[] }[];
  /** x: the text-only control's change of the model; y: the other seed's disagreement. Null where either was not run. */
  readonly control: readonly Point[] | null;
  readonly suspects: readonly string[];
}

const column = (columns: ReadonlyMap<string, ColumnData>, name: string, i: number): number | null => {
  const data = columns.get(name);
  return data === undefined ? null : columnValue(data, i);
};

/** Null where the release lacks stage D or M. */
export async function stageClouds({ reader }: SiteRelease): Promise<StageClouds | null> {
  const columns = await reader.columns(NAMES);
  const pairs = (x: string, y: string, from: number, to: number): Point[] => {
    const points: Point[] = [];
    for (let i = from; i < to; i += 1) {
      const [a, b] = [column(columns, x, i), column(columns, y, i)];
      if (a !== null && b !== null) points.push([a, b]);
    }
    return points;
  };
  const per = reader.manifest.features_per_layer;
  const layers = reader.manifest.layers.map((layer, place) => ({
    layer,
    points: pairs('cos_d_f', 'cos_m_f', place * per, (place + 1) * per),
  }));
  if (layers.every(({ points }) => points.length === 0)) return null;
  const control = pairs('cos_s_c', 'cos_f_f2', 0, reader.count);
  const suspects = Array.from({ length: reader.count }, (_, i) => i).filter((i) => column(columns, 'suspect', i) === 1);
  return {
    layers,
    control: control.length === 0 ? null : control,
    suspects: suspects.map((i) => reader.locate(i).id),
  };
}
