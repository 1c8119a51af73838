import type { ColumnType } from './schema/columns.ts';
import type { Feature, StageMetrics } from './schema/feature.ts';

/** One scalar of a feature: a column of the explorer, a filter and sort of the API, a column of the Parquet. */
export interface Scalar {
  readonly name: string;
  readonly title: string;
  /** Empty for pure numbers. */
  readonly unit: string;
  readonly description: string;
  readonly group: string;
  readonly kind: 'number' | 'integer' | 'flag' | 'class';
  readonly type: ColumnType;
  readonly values: readonly string[] | null;
  readonly of: (feature: Feature) => number | null;
}

type Of = Scalar['of'];
const number = (name: string, title: string, group: string, description: string, of: Of, unit = ''): Scalar => ({
  name,
  title,
  unit,
  description,
  group,
  kind: 'number',
  type: 'f32',
  values: null,
  of,
});
const integer = (
  name: string,
  title: string,
  group: string,
  type: ColumnType,
  description: string,
  of: Of,
): Scalar => ({
  ...number(name, title, group, description, of),
  kind: 'integer',
  type,
});
const flag = (name: keyof Feature['flags'], title: string, description: string): Scalar => ({
  ...number(name, title, 'flags', description, (f) => (f.flags[name] ? 1 : 0)),
  kind: 'flag',
  type: 'u8',
});
const stage = (name: keyof StageMetrics, title: string, description: string): Scalar =>
  number(name, title, 'stages', description, (f) => f.stages[name]);

export const MODALITY_CLASSES: readonly Feature['class'][] = ['vision', 'language', 'cross', 'none'];
const strongest = (values: readonly number[]): number | null =>
  values.length ? values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)) : null;

/** Every scalar, in the order of the tables that show them. Adding one is one entry here. */
export const SCALARS: readonly Scalar[] = [
  integer('layer', 'Layer', 'place', 'u16', 'Layer of the residual stream', (f) => f.layer),
  integer('index', 'Index', 'place', 'u32', 'Index of the feature in its dictionary', (f) => f.index),
  {
    ...integer('class', 'Class', 'modality', 'u8', 'Modality class by the dominance score', (f) =>
      MODALITY_CLASSES.indexOf(f.class),
    ),
    kind: 'class',
    values: MODALITY_CLASSES,
  },
  flag('dead', 'Dead', 'Never active on held-out tokens'),
  flag('adapted', 'Adapted', "The paper's rule: active on pictures and turned"),
  flag('adapted_strict', 'Adapted, strict', 'Adapted, and the interval of its vision preference lies above 0.5'),
  flag('suspect', 'Suspect', 'Both path cosines are low'),
  flag('rotated_shared', 'Rotated in both seeds', 'Turned in two seeds of stage F'),
  flag('spatial', 'Spatial', 'Chosen on one half of the samples and confirmed on the other'),
  flag('decoy', 'Decoy', 'Chosen, but explained by the presence of the word'),
  stage('cos_s_f', 'cos(S, F)', 'Cosine of the decoder rows of stages S and F'),
  stage('cos_s_d', 'cos(S, D)', 'Cosine of the decoder rows of stages S and D'),
  stage('cos_d_f', 'cos(D, F)', 'Cosine of the decoder rows of stages D and F: change of the model after the data'),
  stage('cos_s_m', 'cos(S, M)', 'Cosine of the decoder rows of stages S and M'),
  stage('cos_m_f', 'cos(M, F)', 'Cosine of the decoder rows of stages M and F: change of the data after the model'),
  stage('cos_s_f2', 'cos(S, F2)', 'Cosine of stage S and the re-seeded stage F'),
  stage('cos_f_f2', 'cos(F, F2)', 'Cosine of the two seeds of stage F'),
  stage('cos_s_c', 'cos(S, C)', 'Cosine of stage S and the text-only control'),
  stage('encoder_s_f', 'Encoder cos(S, F)', 'Cosine of the encoder rows of stages S and F'),
  stage('norm_ratio_s_f', 'Norm ratio F / S', 'Ratio of the norms of the decoder rows'),
  stage('procrustes_s_f', 'cos(S, F), aligned', 'Cosine after a global orthogonal alignment'),
  stage('control_difference', 'Rotation beyond control', 'cos(S, C) - cos(S, F)'),
  number('preference', 'Vision preference', 'modality', 'E_v / (E_v + E_t); 0.5 is none', (f) => f.preference.value),
  number('preference_low', 'Vision preference, low', 'modality', 'Lower end of its interval', (f) => f.preference.low),
  number(
    'preference_high',
    'Vision preference, high',
    'modality',
    'Upper end of its interval',
    (f) => f.preference.high,
  ),
  number('dominance', 'Dominance', 'modality', 'Modality dominance score', (f) => f.dominance),
  number(
    'energy_vision',
    'Energy, multimodal',
    'activity',
    'Mean squared activation on the multimodal stream',
    (f) => f.energy.vision,
  ),
  number(
    'energy_text',
    'Energy, text only',
    'activity',
    'Mean squared activation on the text-only stream',
    (f) => f.energy.text,
  ),
  number(
    'energy_image_tokens',
    'Energy, image tokens',
    'activity',
    'Mean squared activation on image tokens',
    (f) => f.energy.image_tokens,
  ),
  number(
    'energy_text_tokens',
    'Energy, text tokens',
    'activity',
    'Mean squared activation on text tokens after an image',
    (f) => f.energy.text_tokens,
  ),
  number(
    'frequency_base_text',
    'Frequency, base text',
    'activity',
    'Share of base-text tokens on which it is active',
    (f) => f.frequency.base_text,
  ),
  number(
    'frequency_image',
    'Frequency, image tokens',
    'activity',
    'Share of image tokens on which it is active',
    (f) => f.frequency.image,
  ),
  number(
    'frequency_text',
    'Frequency, text tokens',
    'activity',
    'Share of text tokens of the multimodal stream on which it is active',
    (f) => f.frequency.text,
  ),
  number('max_activation', 'Largest activation', 'activity', 'Over held-out tokens', (f) => f.max_activation),
  number(
    'scaling_tuned',
    'Latent scaling, tuned',
    'scaling',
    'beta on the activations of the tuned model',
    (f) => f.latent_scaling?.tuned ?? null,
  ),
  number(
    'scaling_base',
    'Latent scaling, base',
    'scaling',
    'beta on the activations of the base model',
    (f) => f.latent_scaling?.base ?? null,
  ),
  number(
    'risk_difference',
    'Spatial risk difference',
    'spatial',
    'Held-out: rate under spatial prompts minus rate under matched ones',
    (f) => f.spatial?.heldout.risk_difference.value ?? null,
  ),
  number(
    'risk_difference_low',
    'Risk difference, low',
    'spatial',
    'Lower end of its interval',
    (f) => f.spatial?.heldout.risk_difference.low ?? null,
  ),
  number(
    'risk_difference_high',
    'Risk difference, high',
    'spatial',
    'Upper end of its interval',
    (f) => f.spatial?.heldout.risk_difference.high ?? null,
  ),
  number('odds_ratio', 'Spatial odds ratio', 'spatial', 'Held-out', (f) => f.spatial?.heldout.odds_ratio ?? null),
  number(
    'q',
    'Spatial q',
    'spatial',
    'Held-out: Fisher p after Benjamini-Hochberg',
    (f) => f.spatial?.heldout.q ?? null,
  ),
  number(
    'log10_p',
    'Spatial log10 p',
    'spatial',
    'Held-out: decimal logarithm of the one-sided Fisher p',
    (f) => f.spatial?.heldout.log10_p ?? null,
  ),
  number(
    'generic_rate',
    'Rate on generic prompts',
    'spatial',
    'Share of samples fired under prompts without a spatial word',
    (f) => f.spatial?.generic_rate.value ?? null,
  ),
  number(
    'word_rate',
    'Rate on the word alone',
    'spatial',
    'Share of text-only prompts with a spatial word that fire it',
    (f) => f.spatial?.word_rate?.value ?? null,
  ),
  number(
    'minimal_pair',
    'Minimal pair',
    'spatial',
    'Mean paired change when the scene is mirrored',
    (f) => f.spatial?.minimal_pair?.value ?? null,
    'activation',
  ),
  number('relation_auroc', 'Best relation AUROC', 'spatial', 'Largest AUROC over relations and aspects', (f) =>
    f.spatial?.relations.length ? Math.max(...f.spatial.relations.map((r) => r.auroc.value)) : null,
  ),
  integer(
    'heads_verified',
    'Verified heads',
    'heads',
    'u16',
    'Edges from heads that exact patching confirmed',
    (f) => f.heads.filter((e) => e.status === 'verified').length,
  ),
  number(
    'head_effect',
    'Strongest head',
    'heads',
    'Signed effect of the strongest head, exact where run',
    (f) => strongest(f.heads.map((e) => e.exact?.value ?? e.estimate.value)),
    'activation',
  ),
  number(
    'heads_50',
    'Heads for 50 %',
    'heads',
    'Smallest number of heads that carries half of the absolute effect',
    (f) => f.concentration?.heads_50 ?? null,
    'heads',
  ),
  number(
    'heads_80',
    'Heads for 80 %',
    'heads',
    'Smallest number of heads that carries 80 % of the absolute effect',
    (f) => f.concentration?.heads_80 ?? null,
    'heads',
  ),
  number(
    'heads_90',
    'Heads for 90 %',
    'heads',
    'Smallest number of heads that carries 90 % of the absolute effect',
    (f) => f.concentration?.heads_90 ?? null,
    'heads',
  ),
  number(
    'gini',
    'Head concentration (Gini)',
    'heads',
    'Gini coefficient of the absolute effects of heads',
    (f) => f.concentration?.gini ?? null,
  ),
  number(
    'top5_share',
    'Top-5 share',
    'heads',
    "The paper's figure: share of the five largest after truncation to five",
    (f) => f.concentration?.top5_share ?? null,
  ),
  number(
    'causal_log_odds',
    'Causal effect',
    'causal',
    'Strongest change of the log-odds on the spatial task',
    (f) =>
      strongest(f.causal.filter((c) => c.task === 'spatial' && c.measure === 'log_odds').map((c) => c.effect.value)),
    'nats',
  ),
  number(
    'label_score',
    'Label score',
    'label',
    'Detection score of the label on held-out samples',
    (f) => f.label.score,
  ),
];

export const SCALAR_NAMES: readonly string[] = SCALARS.map((s) => s.name);
