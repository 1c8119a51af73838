import type { RunConfig } from '../../config/schema.ts';

/** Samples `[from, from + samples)` of the paired scenes. */
export interface Slice {
  readonly from: number;
  readonly samples: number;
}

/** What each analysis looks at: scenes that no earlier one has seen, so that nothing is tested on what it was chosen by. */
export interface Slices {
  readonly select: Slice;
  readonly trace: Slice;
  readonly ablate: Slice;
  readonly causal: Slice;
  readonly means: Slice;
}

/** Slices that follow each other through the paired scenes. */
export function slicesOf({ spatial, heads }: RunConfig): Slices {
  const sizes: Record<keyof Slices, number> = {
    select: spatial.samples,
    trace: heads.samples,
    ablate: heads.ablate.samples,
    causal: heads.causal.samples,
    means: heads.ablate.means,
  };
  let from = 0;
  const entries = Object.entries(sizes).map(([name, samples]): [string, Slice] => {
    const slice = { from, samples };
    from += samples;
    return [name, slice];
  });
  return Object.fromEntries(entries) as Record<keyof Slices, Slice>;
}
