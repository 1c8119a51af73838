import { auroc, aurocInterval } from '#pipelines/diff/statistics/index.ts';
import type { RelationEffect } from '#release/schema/feature.ts';
import type { Contrast } from './contrasts.ts';

/** Fewest samples of either kind for an AUROC to be shown. */
const FEWEST = 5;

interface Divided {
  readonly scores: number[];
  readonly labels: number[];
  readonly positives: number;
}

function divide(
  contrast: Contrast,
  scores: ArrayLike<number>,
  half: ArrayLike<number>,
  side: 0 | 1,
): Divided | undefined {
  const picked: Divided = { scores: [], labels: [], positives: 0 };
  contrast.labels.forEach((label, s) => {
    if (label === null || half[s] !== side) return;
    picked.scores.push(scores[s]!);
    picked.labels.push(label);
  });
  const positives = picked.labels.reduce((a, b) => a + b, 0);
  return positives >= FEWEST && picked.labels.length - positives >= FEWEST ? { ...picked, positives } : undefined;
}

/**
 * How well a feature's largest text activation tells each contrast apart, on the held-out half. Where a contrast has two
 * names, the selecting half decides which of them the feature stands for.
 * @param scores `[samples]`
 * @param half 0 selects, 1 is held out, `[samples]`
 */
export function relationEffects(
  contrasts: readonly Contrast[],
  scores: ArrayLike<number>,
  half: ArrayLike<number>,
  confidence: number,
): RelationEffect[] {
  return contrasts.flatMap((contrast): RelationEffect[] => {
    const selected = divide(contrast, scores, half, 0);
    const heldout = divide(contrast, scores, half, 1);
    if (!selected || !heldout) return [];
    const turned = contrast.inverse !== undefined && auroc(selected.scores, selected.labels) < 0.5;
    const area = auroc(heldout.scores, heldout.labels);
    const value = turned ? 1 - area : area;
    const n = heldout.labels.length;
    const positives = turned ? n - heldout.positives : heldout.positives;
    const interval = aurocInterval(value, positives, n - positives, confidence);
    const relation = turned ? contrast.inverse! : contrast.name;
    return [{ relation, aspect: contrast.aspect, auroc: { value, ...interval, n } }];
  });
}
