import type { Controlled, Estimate, Manifest } from '#release/schema/index.ts';
import { count, fixed, interval, percent, signed } from '../render/number.ts';
import { VERDICT_TEXT, verdict } from '../render/verdict.ts';
import type { SiteRelease } from './releases.ts';

/** One of the three numbers on top of a report. */
export interface Headline {
  readonly value: string;
  readonly what: string;
  readonly beside: string;
}

const points = (of: Pick<Estimate, 'value' | 'low' | 'high' | 'n'>): string =>
  `${percent(of.value, 1)} ${of.low === null || of.high === null ? '(no interval)' : `[${fixed(100 * of.low, 1)}, ${fixed(100 * of.high, 1)}]`}, n ${count(of.n)}`;

function confirmed({ reader }: SiteRelease, decoys: string): Headline {
  const { counts } = reader.manifest;
  return {
    value: count(counts.spatial),
    what: `of ${count(counts.features)} features are spatial: chosen on one half of the samples, confirmed on the other`,
    beside: `${decoys} more answer to spatial questions, but the word alone, or the lack of other prompts, explains them`,
  };
}

const besideOf = (effect: Controlled): string =>
  effect.control
    ? `${effect.control.kind}: ${signed(effect.control.value)} ${interval(effect.control)}${VERDICT_TEXT[verdict(effect)] && `; ${VERDICT_TEXT[verdict(effect)]}`}`
    : 'no control in this release';

const accuracyBeside = ({ heads }: SiteRelease): string => {
  const effect = heads.joint_ablation.find((row) => row.task === 'spatial' && row.measure === 'accuracy')?.effect;
  if (!effect) return 'accuracy was not measured';
  const { control } = effect;
  const change = (of: Pick<Estimate, 'value' | 'low' | 'high'>): string => `${signed(of.value)} ${interval(of)}`;
  return `accuracy: ${change(effect)}${control ? `; ${control.kind}: ${change(control)}` : ''}`;
};

function ablated(release: SiteRelease): Headline {
  const test = release.heads.joint_ablation.find((row) => row.task === 'spatial' && row.measure === 'log_odds');
  if (!test) return { value: 'not run', what: 'ablation of the top heads', beside: 'not run in this release' };
  return {
    value: signed(test.effect.value),
    what: `nats: change of the log-odds on spatial questions without heads ${test.heads.join(', ')} (${interval(test.effect)}, n ${count(test.effect.n)})`,
    beside: `${besideOf(test.effect)}. ${accuracyBeside(release)}`,
  };
}

/** The q-value at which a feature must turn more than its controls to be adapted; null where no control tells. */
export function beyondControls({ settings, stages }: Pick<Manifest, 'settings' | 'stages'>): number | null {
  const diff = settings['diff'] as { rotationQ?: unknown } | undefined;
  const controlled = stages.some((stage) => stage === 'C' || stage === 'F2');
  return controlled && typeof diff?.rotationQ === 'number' ? diff.rotationQ : null;
}

function shared({ summary, reader }: SiteRelease): Headline {
  if (reader.manifest.counts.adapted === 0)
    return {
      value: 'none',
      what: `of ${count(reader.manifest.counts.features)} features is adapted: lies among the least alike, is active on pictures, and turns more than its controls`,
      beside: 'so there is none to look for in the text-only control or in another seed',
    };

  const share = summary.adapted_in_control;
  if (share === null)
    return {
      value: 'not run',
      what: 'share of the adapted features that also turn in the text-only control',
      beside: 'no control was run in this release',
    };
  const same = VERDICT_TEXT[verdict(share)];
  return {
    value: percent(share.value, 1),
    what: `of the adapted features turn as far in the text-only control (${points(share)})`,
    beside: share.control
      ? `${share.control.kind}: ${points(share.control)}${same && `; ${same}`}`
      : 'no features to compare with in this release',
  };
}

/** What a report says in numbers; every one is read from the release. */
export function factsOf(release: SiteRelease, decoys: string) {
  const { manifest } = release.reader;
  const model = (role: string) => manifest.models.find((m) => m.role === role);
  const tuned = model('tuned');
  const top = [...release.heads.heads].sort((a, b) => a.rank - b.rank).slice(0, 3);
  const turned = release.summary.layers.filter((l) => l.control && l.rotation.median < l.control.q25);
  return {
    id: release.id,
    title: manifest.title,
    description: manifest.description,
    confidence: percent(manifest.confidence),
    layers: manifest.layers.length,
    perLayer: count(manifest.features_per_layer),
    features: count(manifest.counts.features),
    adapted: count(manifest.counts.adapted),
    none: manifest.counts.adapted === 0,
    beyond: beyondControls(manifest),
    spatial: count(manifest.counts.spatial),
    stages: manifest.stages.join(', '),
    samples: count(manifest.counts.samples),
    parameters: tuned ? `${fixed(tuned.parameters / 1e6, 1)}-million-parameter` : 'small',
    models: manifest.models,
    control: model('control') !== undefined,
    headlines: [ablated(release), confirmed(release, decoys), shared(release)],
    seedOnly: release.summary.adapted_in_one_seed && points(release.summary.adapted_in_one_seed),
    counts: manifest.counts,
    turned: layersText(turned.map((l) => l.layer)),
    topHeads: top.map((head) => ({ id: head.id, sentence: head.sentence })),
    notConfirmed: release.summary.not_confirmed,
    settings: JSON.stringify(manifest.settings, null, 2),
    date: manifest.date,
    licence: manifest.licence,
  };
}
/** `layer 3`, `layers 0, 1 and 4`; '' for none. */
function layersText(layers: readonly number[]): string {
  if (layers.length === 0) return '';
  const list = new Intl.ListFormat('en-GB').format(layers.map(String));
  return layers.length === 1 ? `layer ${list}` : `layers ${list}`;
}

export type Facts = ReturnType<typeof factsOf>;
