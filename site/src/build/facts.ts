import type { Controlled, Estimate } from '#release/schema/index.ts';
import { count, fixed, interval, percent } from '../render/number.ts';
import { VERDICT_TEXT, verdict } from '../render/verdict.ts';
import type { SiteRelease } from './releases.ts';

/** One of the three numbers on top of a report. */
export interface Headline {
  readonly value: string;
  readonly what: string;
  readonly beside: string;
}

const points = (of: Estimate): string =>
  `${percent(of.value, 1)} ${of.low === null || of.high === null ? '(no interval)' : `[${fixed(100 * of.low, 1)}, ${fixed(100 * of.high, 1)}]`}, n ${count(of.n)}`;

function seeing({ summary }: SiteRelease): Headline {
  const row = (picture: string) =>
    summary.behaviour.find((r) => r.model === 'tuned' && r.family === 'spatial' && r.picture === picture);
  const [seen, mean] = [row('seen'), row('mean')];
  if (!seen)
    return {
      value: 'not run',
      what: 'accuracy on spatial questions',
      beside: 'behaviour was not measured in this release',
    };
  return {
    value: percent(seen.accuracy.value, 1),
    what: `of spatial questions are answered rightly from the picture (${points(seen.accuracy)})`,
    beside: mean
      ? `with a mean picture ${points(mean.accuracy)}; chance is 50 %`
      : 'the picture was not taken away in this release',
  };
}

function confirmed({ reader, summary }: SiteRelease): Headline {
  const { counts } = reader.manifest;
  return {
    value: count(counts.spatial),
    what: `of ${count(counts.features)} features are spatial: chosen on one half of the samples, confirmed on the other`,
    beside: summary.not_confirmed[0] ?? 'nothing that was looked for went unconfirmed',
  };
}

const besideOf = (effect: Controlled): string =>
  effect.control
    ? `${effect.control.kind}: ${fixed(effect.control.value)} ${interval(effect.control)}${VERDICT_TEXT[verdict(effect)] && `; ${VERDICT_TEXT[verdict(effect)]}`}`
    : 'no control in this release';

function ablated({ heads }: SiteRelease): Headline {
  const test = heads.joint_ablation.find((row) => row.task === 'spatial' && row.measure === 'log_odds');
  if (!test) return { value: 'not run', what: 'ablation of the top heads', beside: 'not run in this release' };
  return {
    value: fixed(test.effect.value),
    what: `nats of log-odds are lost on spatial questions without heads ${test.heads.join(', ')} (${interval(test.effect)}, n ${count(test.effect.n)})`,
    beside: besideOf(test.effect),
  };
}

/** What a report says in numbers; every one is read from the release. */
export function factsOf(release: SiteRelease) {
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
    spatial: count(manifest.counts.spatial),
    stages: manifest.stages.join(', '),
    samples: count(manifest.counts.samples),
    parameters: tuned ? `${fixed(tuned.parameters / 1e6, 1)}-million-parameter` : 'small',
    models: manifest.models,
    control: model('control') !== undefined,
    headlines: [seeing(release), confirmed(release), ablated(release)],
    turned: turned.map((l) => l.layer),
    topHeads: top.map((head) => ({ id: head.id, sentence: head.sentence })),
    notConfirmed: release.summary.not_confirmed,
    calibration: release.heads.calibration,
    settings: JSON.stringify(manifest.settings, null, 2),
    date: manifest.date,
    licence: manifest.licence,
  };
}
export type Facts = ReturnType<typeof factsOf>;
