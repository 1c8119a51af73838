import { random as randomOf } from '#pipelines/data/random.ts';

/** A feature that could be traced to heads. */
export interface Candidate {
  readonly layer: number;
  readonly feature: number;
  /** Spatial on held-out evidence. */
  readonly spatial: boolean;
  /** Held-out risk difference. */
  readonly effect: number;
  /** Share of held-out spatial samples on which it fires. */
  readonly rate: number;
}

export interface Target {
  readonly layer: number;
  readonly feature: number;
  /** `random`: the control, a feature of the same layer that fires as often and is not spatial. */
  readonly kind: 'spatial' | 'random';
}

/**
 * The spatial features with the largest held-out effect, and for each one a feature of the same layer, not spatial, drawn from
 * the ten whose firing rate is nearest. Deterministic by seed; fewer random ones where a layer has no more.
 */
export function chooseTargets(candidates: readonly Candidate[], count: number, seed: number): Target[] {
  const order = (a: Candidate, b: Candidate) => b.effect - a.effect || a.layer - b.layer || a.feature - b.feature;
  const spatial = candidates
    .filter((c) => c.spatial)
    .sort(order)
    .slice(0, count);
  const draw = randomOf(seed, 'heads/targets');
  const taken = new Set<Candidate>();
  const random: Candidate[] = [];
  for (const s of spatial) {
    const near = candidates
      .filter((c) => c.layer === s.layer && !c.spatial && c.rate > 0 && !taken.has(c))
      .sort((a, b) => Math.abs(a.rate - s.rate) - Math.abs(b.rate - s.rate) || a.feature - b.feature)
      .slice(0, 10);
    if (near.length === 0) continue;
    const pick = draw.pick(near);
    taken.add(pick);
    random.push(pick);
  }
  const target = (kind: Target['kind']) => (c: Candidate) => ({ layer: c.layer, feature: c.feature, kind });
  return [...spatial.map(target('spatial')), ...random.map(target('random'))];
}
