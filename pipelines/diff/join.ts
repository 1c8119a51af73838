import {
  adaptedMask,
  type Mask,
  rotationThreshold,
  sensitivityGrid,
  sharedMask,
  strictMask,
  suspectMask,
} from './adapted.ts';
import { type ArrayOf, rotationQ } from './noise.ts';
import { type DiffSummary, layerSummary, shareBeside } from './summary.ts';

export interface DiffJoinOptions {
  readonly layers: readonly number[];
  readonly confidence: number;
  readonly eps: number;
  readonly percentile: number;
  readonly suspectBelow: number;
  /** False-discovery rate at which a rotation counts as more than adaptation noise. */
  readonly rotationQ: number;
  readonly grid: { readonly eps: readonly number[]; readonly percentiles: readonly number[] };
}

export interface DiffJoin {
  /** `[layers, n]`: masks `dead, rotated, adapted, adapted.strict`, where run `suspect, rotated.shared`, and `rotation.q` */
  readonly arrays: Record<string, Mask | Float64Array>;
  readonly summary: DiffSummary;
}

/**
 * What needs all layers. A feature is rotated where its cosine is at or below the percentile and, where a
 * control exists, its rotation is more than adaptation noise at `rotationQ` (a percentile alone always finds some); it is adapted
 * where also `E_v > eps`.
 */
export function joinDiff(of: ArrayOf, options: DiffJoinOptions): DiffJoin {
  const need = (name: string): Float64Array => of(name)!;
  const cosSF = need('cos.S.F');
  const vision = need('energy.vision');
  const text = need('energy.text');
  const [cosSF2, cosSC] = [of('cos.S.F2'), of('cos.S.C')];
  const [cosDF, cosMF] = [of('cos.D.F'), of('cos.M.F')];
  const n = cosSF.length / options.layers.length;
  const dead: Mask = Uint8Array.from(vision, (e, i) => (e === 0 && text[i] === 0 ? 1 : 0));

  const q = rotationQ(of, dead);
  const beyond: Mask | undefined = q ? Uint8Array.from(q, (x) => (x <= options.rotationQ ? 1 : 0)) : undefined;

  const threshold = rotationThreshold(cosSF, options.percentile);
  const rotated = Uint8Array.from(cosSF, (c, i) => (c <= threshold && beyond?.[i] !== 0 ? 1 : 0));
  const adapted = adaptedMask(vision, cosSF, options.eps, threshold, beyond);
  const strict = strictMask(adapted, need('preference.low'));
  const suspect = cosDF && cosMF && suspectMask(cosDF, cosMF, options.suspectBelow);
  const second = cosSF2 && rotationThreshold(cosSF2, options.percentile);
  const layerOf = <A extends Uint8Array | Float64Array>(array: A, i: number) => array.subarray(i * n, (i + 1) * n) as A;
  const modality = need('dominance.class');
  return {
    arrays: {
      dead,
      rotated,
      adapted,
      'adapted.strict': strict,
      ...(suspect ? { suspect } : {}),
      ...(cosSF2 ? { 'rotated.shared': sharedMask(cosSF, cosSF2, options.percentile) } : {}),
      ...(q ? { 'rotation.q': q } : {}),
    },
    summary: {
      layers: options.layers.map((layer, i) =>
        layerSummary({
          layer,
          dead: layerOf(dead, i),
          adapted: layerOf(adapted, i),
          strict: layerOf(strict, i),
          suspect: suspect && layerOf(suspect, i),
          cosSF: layerOf(cosSF, i),
          cosSC: cosSC && layerOf(cosSC, i),
          modality: layerOf(modality, i),
        }),
      ),
      sensitivity: {
        eps: [...options.grid.eps],
        percentiles: [...options.grid.percentiles],
        ...sensitivityGrid(vision, cosSF, options.grid, adapted, beyond),
      },
      adapted_in_control:
        cosSC && shareBeside(adapted, (i) => cosSC[i]! <= threshold, 'features not adapted', options.confidence),
      adapted_in_one_seed:
        cosSF2 && shareBeside(adapted, (i) => cosSF2[i]! > second!, 'features not adapted', options.confidence),
      thresholds: { rotation: threshold },
    },
  };
}
