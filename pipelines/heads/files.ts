import { z } from 'zod';
import {
  AttentionRow,
  BehaviourRow,
  CausalTest,
  Concentration,
  Estimate,
  HeadEdge,
  HeadsFile,
  PriorRow,
} from '#release/schema/index.ts';

/** `targets.json`: the features that are traced, strongest first, and their controls. */
export const TargetsFile = z.array(z.object({ layer: z.int(), feature: z.int(), kind: z.enum(['spatial', 'random']) }));
export type TargetsFile = z.infer<typeof TargetsFile>;

/** `trace.json` of one layer: what the arrays of `trace.safetensors` are about. */
export const TraceFile = z.object({
  layer: z.int(),
  features: z.array(z.object({ feature: z.int(), kind: z.enum(['spatial', 'random']) })),
  samples: z.int(),
  heads: z.int(),
  /** Heads patched exactly, and on how many of the samples (the first ones). */
  patched: z.array(z.object({ layer: z.int(), head: z.int() })),
  verified: z.int(),
  estimator: z.enum(['atp', 'atp*']),
});
export type TraceFile = z.infer<typeof TraceFile>;

/** `rank.json`: edges by feature, heads by their share of the spatial features' effects, calibration and concentration. */
export const RankFile = z.object({
  features: z.array(
    z.object({
      layer: z.int(),
      feature: z.int(),
      kind: z.enum(['spatial', 'random']),
      edges: z.array(HeadEdge),
      concentration: Concentration.nullable(),
    }),
  ),
  /** Index = layer * heads + head; empty where no feature was traced. */
  spatial: z.array(Estimate),
  random: z.array(Estimate),
  /** By head: spatial less random features, over pairs of them, and its q; null where there are no pairs. */
  tests: z.array(z.object({ difference: Estimate, q: z.number() })).nullable(),
  estimator: z.enum(['atp', 'atp*']),
  calibration: HeadsFile.shape.calibration,
  curves: HeadsFile.shape.concentration,
});
export type RankFile = z.infer<typeof RankFile>;

const Change = z.object({ log_odds: z.array(z.number()), accuracy: z.array(z.number()) });

/** `ablate.json`: paired change of every sample's answer when one head is held at its mean. */
export const AblateFile = z.object({
  heads: z.array(z.object({ layer: z.int(), head: z.int(), spatial: Change, control: Change })),
});
export type AblateFile = z.infer<typeof AblateFile>;

/** `joint.json`: the top heads ablated together, against random ones. */
export const JointFile = z.object({ joint: HeadsFile.shape.joint_ablation });
export type JointFile = z.infer<typeof JointFile>;

/** `causal.json` of one layer: ablation and steering of single features. */
export const CausalFile = z.array(z.object({ feature: z.int(), tests: z.array(CausalTest) }));
export type CausalFile = z.infer<typeof CausalFile>;

const { mass, entropy } = AttentionRow.shape;

/** `attention.json` of one layer: the mean of its heads, and each head. Views name the sample by its index in the data set. */
export const AttentionFile = z.object({
  layer: z.int(),
  mean: z.object({ mass, entropy }),
  heads: z.array(
    z.object({
      mass,
      entropy,
      views: z.array(z.object({ index: z.int(), prompt: z.string(), weights: z.array(z.number()) })),
    }),
  ),
});
export type AttentionFile = z.infer<typeof AttentionFile>;

export const PRIOR_FILE = 'prior.json';
/** `prior.json`: what each kind of question owes to the picture. */
export const PriorFile = z.array(PriorRow);
export type PriorFile = z.infer<typeof PriorFile>;

/** `behaviour.json`: how well the pair answers. */
export const BehaviourFile = z.array(BehaviourRow);
export type BehaviourFile = z.infer<typeof BehaviourFile>;
