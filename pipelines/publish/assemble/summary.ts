import type { readDiffSummary } from '#pipelines/diff/index.ts';
import { FDR } from '#pipelines/heads/significance.ts';
import type { SpatialResult } from '#pipelines/spatial/index.ts';
import type { BehaviourRow, HeadsFile, Summary } from '#release/schema/index.ts';

type DiffSummary = Awaited<ReturnType<typeof readDiffSummary>>;

export interface SummaryParts {
  readonly diff: DiffSummary;
  readonly spatial: SpatialResult;
  readonly heads: HeadsFile;
  readonly behaviour: readonly BehaviourRow[];
}

/** The figures that a home page or a report quotes. */
export function summarise(parts: SummaryParts): Summary {
  const { layers, ...rest } = parts.diff;
  const found = [...parts.spatial.all()];
  return {
    layers: layers.map((l) => ({ ...l, spatial: found.filter((f) => f.layer === l.layer && f.spatial).length })),
    behaviour: [...parts.behaviour],
    ...rest,
    not_confirmed: RULES.flatMap((rule) => rule(parts)),
  };
}

/** `layer 3`, `layers 0, 1 and 4`. */
const named = (layers: readonly number[]): string =>
  layers.length < 2 ? `layer ${layers.join('')}` : `layers ${layers.slice(0, -1).join(', ')} and ${layers.at(-1)}`;

/** What the run looked for and did not confirm: each rule gives its sentences, or none. */
const RULES: readonly ((parts: SummaryParts) => string[])[] = [
  ({ spatial }) => {
    const none = spatial.layers.filter((l) => ![...spatial.all()].some((f) => f.layer === l && f.spatial));
    if (none.length === 0) return [];
    if (none.length === spatial.layers.length) return ['No feature of any layer is spatial on held-out samples.'];
    return [`No feature of ${named(none)} is spatial on held-out samples.`];
  },
  ({ spatial }) => {
    const decoys = [...spatial.all()].filter((f) => f.decoy).length;
    return decoys === 0
      ? []
      : [
          `${decoys} features answer to spatial questions, but the word alone, or the lack of other prompts, explains them.`,
        ];
  },
  ({ diff }) => {
    const inside = diff.layers.filter((l) => l.control && l.rotation.median >= l.control.q25).map((l) => l.layer);
    return inside.length === 0
      ? []
      : [`In ${named(inside)} half of the features turn no further than a quarter of those of the text-only control.`];
  },
  ({ diff }) => {
    const share = diff.adapted_in_control;
    if (!share || share.value === 0) return [];
    return [
      `${Math.round(100 * share.value)} % of the adapted features pass the same rotation threshold in the text-only control.`,
    ];
  },
  ({ diff }) => {
    const share = diff.adapted_in_one_seed;
    if (!share || share.value === 0) return [];
    return [`${Math.round(100 * share.value)} % of the adapted features turned in one seed of stage F only.`];
  },
  ({ heads }) =>
    heads.joint_ablation
      .filter(
        ({ task, effect: { high, control } }) =>
          task === 'spatial' && control && high !== null && high >= (control.low ?? control.value),
      )
      .map(
        ({ measure }) =>
          `The top heads together move ${MEASURE[measure]} no more than random heads do, within the intervals.`,
      ),
  ({ heads: { heads } }) => {
    const tested = heads.flatMap(({ q }) => (q === undefined ? [] : [q]));
    return tested.length === 0 || tested.some((q) => q <= FDR)
      ? []
      : [`No head feeds the spatial features more than their controls, at a false-discovery rate of ${100 * FDR} %.`];
  },
  ({ heads }) =>
    heads.calibration && heads.calibration.spearman < 0.5
      ? [
          `Estimated and exact head effects agree poorly (Spearman ${heads.calibration.spearman.toFixed(2)}): trust verified edges only.`,
        ]
      : [],
  ({ behaviour }) =>
    behaviour
      .filter((b) => b.model === 'tuned' && b.picture === 'seen' && b.accuracy.low !== null && b.accuracy.low <= 0.5)
      .map((b) => `The tuned model does not answer ${b.family} questions better than chance.`),
];

const MEASURE: Record<HeadsFile['joint_ablation'][number]['measure'], string> = {
  log_odds: 'the log-odds of the right answer',
  accuracy: 'the accuracy',
};
