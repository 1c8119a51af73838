import type { SiteRelease } from '../releases.ts';
import { ablation, accuracy } from './ablation.ts';
import { behaviour } from './behaviour.ts';
import { calibration } from './calibration.ts';
import { concentration } from './concentration.ts';
import { type FigureMaker, type Numbered, numbered } from './figure.ts';
import { fit } from './fit.ts';
import { headShare } from './head-share.ts';
import { rotation } from './rotation.ts';
import { sensitivity } from './sensitivity.ts';
import { spatial } from './spatial.ts';

/** Figures of the report, in the order of their numbers. */
export const FIGURES = {
  behaviour,
  fit,
  rotation,
  sensitivity,
  spatial,
  'head-share': headShare,
  calibration,
  concentration,
  ablation,
  'ablation-accuracy': accuracy,
} as const satisfies Record<string, FigureMaker>;
export type FigureName = keyof typeof FIGURES;

/** Every figure that a release can give, numbered as they stand. */
export async function figuresOf(release: SiteRelease): Promise<ReadonlyMap<FigureName, Numbered>> {
  const names = Object.keys(FIGURES) as FigureName[];
  return numbered(await Promise.all(names.map(async (name) => [name, await FIGURES[name](release)] as const)));
}
