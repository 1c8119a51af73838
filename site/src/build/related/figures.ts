import type { Controlled, Estimate, RelatedFile } from '#release/schema/index.ts';
import { familyName } from '../../render/family.ts';
import { type LayerSeries, layerFigure } from '../figures/by-layer.ts';
import { dotFigure } from '../figures/dots.ts';
import type { Figure } from '../figures/figure.ts';
import { median, quantile, sampleRange, samplesOf } from '../samples.ts';
import { TARGETS, TOKENS } from './words.ts';

type Maker = (related: RelatedFile) => Figure | null;

/** The rows of a value and those of its control, as two lines. */
function withControl<T extends { readonly layer: number }>(
  rows: readonly T[],
  of: (row: T) => Controlled | null,
  name: string,
  tone: string,
  facet = '',
): LayerSeries[] {
  const own = rows.flatMap((row) => {
    const value = of(row);
    return value ? [{ layer: row.layer, of: value, control: value.control }] : [];
  });
  const controls = own.flatMap(({ layer, control }) => (control ? [{ layer, of: control as Estimate }] : []));
  const kind = own.find(({ control }) => control)?.control?.kind ?? 'control';
  return [
    { name: kind, facet, tone: 'var(--control)', control: true, rows: controls },
    { name, facet, tone, control: false, rows: own },
  ];
}

const imageTokens: Maker = ({ image_tokens: of }) => {
  if (!of) return null;
  const { layer, limit } = of.convergence;
  return layerFigure({
    name: 'image-tokens',
    caption: `Variance of the residual stream that the base’s own dictionary (stage S) leaves unexplained: on picture tokens, and in grey on the words of the same samples. ${
      layer === null
        ? `In no layer does the error on picture tokens come down to ${limit} times that on words and stay there.`
        : `Dashed: from layer ${layer} on, the error on picture tokens is at most ${limit} times that on words.`
    } ${samplesOf(of.rows.map((row) => row.fvu))}`,
    axis: 'FVU',
    series: withControl(of.rows, (row) => row.fvu, 'picture tokens', 'var(--vision)'),
    ...(layer === null ? {} : { mark: { layer, text: 'converged' } }),
  });
};

const TONES = { image: 'var(--vision)', text: 'var(--language)', last: 'var(--ink)' } as const;

/** Scores of all probes by one measure; a small multiple for each target. */
const probesBy =
  (measure: 'r2' | 'accuracy'): Maker =>
  ({ probes }) => {
    const rows = (probes ?? []).filter((row) => row.measure === measure);
    const targets = [...new Set(rows.map((row) => row.target))];
    const series = targets.flatMap((target) =>
      (['image', 'text', 'last'] as const).flatMap((tokens) => {
        const part = rows.filter((row) => row.target === target && row.tokens === tokens);
        const [control, own] = withControl(part, (row) => row.score, TOKENS[tokens], TONES[tokens], TARGETS[target]);
        return control && own ? [{ ...control, name: `${control.name}, ${TOKENS[tokens]}` }, own] : [];
      }),
    );
    return layerFigure({
      name: `probes-${measure}`,
      caption: `Linear probes on held-out samples, by layer: what can be read off the picture’s tokens (orange), the words after it (blue) and the last token (ink). Grey, dashed: the same probes trained on shuffled truth. ${samplesOf(rows.map((row) => row.score))}`,
      axis: measure === 'r2' ? 'held-out R²' : 'held-out accuracy',
      series,
      ...(measure === 'r2' ? { reference: 0 } : {}),
    });
  };

/** The middle thing of a layer, between the quartiles over things. */
function overThings(layer: number, values: readonly number[]): LayerSeries['rows'][number] {
  const [low, value, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share)) as [number, number, number];
  return { layer, of: { value, low, high, n: values.length } };
}

const shiftLayers: Maker = ({ shifts }) => {
  const rows = shifts ?? [];
  const layers = [...new Set(rows.map((row) => row.layer))].sort((a, b) => a - b);
  const own = layers.map((layer) =>
    overThings(
      layer,
      rows.filter((row) => row.layer === layer).map((row) => row.recovery.value),
    ),
  );
  const others = layers.flatMap((layer) => {
    const values = rows.flatMap((row) =>
      row.layer === layer && row.recovery.control ? [row.recovery.control.value] : [],
    );
    return values.length === 0 ? [] : [overThings(layer, values)];
  });
  return layerFigure({
    name: 'shifts',
    caption: `Concept shift: what fine-tuning adds to the mean of the last token when a thing is asked about, learnt on half of the samples. Upright: the share of the other half’s squared change that adding it to the base recovers; median over things, lines from quartile to quartile. Grey: another thing’s shift. n ${new Set(rows.map((row) => row.concept)).size} things, ${sampleRange(rows.map((row) => row.recovery))} samples each.`,
    axis: 'recovery (share)',
    series: [
      { name: 'another thing’s shift', facet: '', tone: 'var(--control)', control: true, rows: others },
      { name: 'its own shift', facet: '', tone: 'var(--vision)', control: false, rows: own },
    ],
    reference: 0,
  });
};

/** Recovery of each thing in the layer where the median of all is largest. */
const shiftThings: Maker = ({ shifts }) => {
  const rows = shifts ?? [];
  const layers = [...new Set(rows.map((row) => row.layer))];
  const recovered = (layer: number): number =>
    median(rows.filter((row) => row.layer === layer).map((row) => row.recovery.value));
  const best = layers.sort((a, b) => recovered(b) - recovered(a) || a - b)[0];
  return dotFigure({
    name: 'shifts-things',
    caption: `Recovery by thing in layer ${best}, the layer with the largest median. Grey: another thing’s shift. ${samplesOf(rows.filter((row) => row.layer === best).map((row) => row.recovery))}`,
    axis: 'recovery (share)',
    rows: rows
      .filter((row) => row.layer === best)
      .sort((a, b) => b.recovery.value - a.recovery.value)
      .map((row) => ({ label: row.concept, series: 'own shift', tone: 'var(--vision)', of: row.recovery })),
    reference: 0,
  });
};

const monosemanticity: Maker = ({ monosemanticity: of }) => {
  const rows = of ?? [];
  const spatial = withControl(rows, (row) => row.spatial, 'spatial features', 'var(--vision)').filter(
    (one) => !one.control,
  );
  return layerFigure({
    name: 'monosemanticity',
    caption: `How alike the pictures are that a feature fires on (cosine, weighted by its activation), mean over the features of a layer; n counts features. Grey: any two pictures. ${spatial[0]?.rows.length ? 'Orange: the spatial features.' : 'No layer has spatial features to set apart.'}`,
    axis: 'similarity of pictures',
    series: [...withControl(rows, (row) => row.score, 'all features', 'var(--ink)'), ...spatial],
  });
};

/** Attention of the words on the picture, mean over a layer's heads, tuned against base. */
const attentionBy =
  (what: 'mass' | 'entropy'): Maker =>
  ({ attention }) => {
    const rows = (attention ?? []).filter((row) => row.head === null);
    return layerFigure({
      name: `attention-${what}`,
      caption: `${what === 'mass' ? 'Share of the words’ attention that lies on the picture' : 'Entropy of that attention over the picture’s tokens: the lower, the more pointed'}, mean over the heads of a layer. Grey: the base model on the same embeddings. ${samplesOf(rows.map((row) => row[what].tuned))}`,
      axis: what === 'mass' ? 'attention on the picture (share)' : 'entropy (nats)',
      series: [
        {
          name: 'base model',
          facet: '',
          tone: 'var(--control)',
          control: true,
          rows: rows.map((row) => ({ layer: row.layer, of: row[what].base })),
        },
        {
          name: 'tuned model',
          facet: '',
          tone: 'var(--vision)',
          control: false,
          rows: rows.map((row) => ({ layer: row.layer, of: row[what].tuned })),
        },
      ],
    });
  };

const HEADS = 12;

const attentionHeads: Maker = ({ attention }) => {
  const rows = (attention ?? []).flatMap((row) => (row.head === null ? [] : [{ ...row, head: row.head }]));
  const most = [...rows].sort((a, b) => Math.abs(b.mass.change.value) - Math.abs(a.mass.change.value)).slice(0, HEADS);
  return dotFigure({
    name: 'attention-heads',
    caption: `Heads whose attention on the picture changed most, of ${rows.length}: tuned less base, paired sample by sample. ${samplesOf(most.map((row) => row.mass.change))}`,
    axis: 'change of the share on the picture',
    rows: most.map((row) => ({
      label: row.head,
      series: 'tuned less base',
      tone: 'var(--vision)',
      of: row.mass.change,
    })),
    reference: 0,
  });
};

const prior: Maker = ({ language_prior: of }) => {
  const rows = of ?? [];
  return dotFigure({
    name: 'language-prior',
    caption: `Reliance on the words alone: share of the questions whose answer stays when the picture is exchanged for the mean picture (ink) or for another sample’s (orange). At 1 the picture decides nothing. ${samplesOf(rows.map((row) => row.reliance))}`,
    axis: 'answers that stay (share)',
    rows: rows.map((row) => ({
      label: `${familyName(row.family)}: ${row.kind}`,
      series: row.picture === 'mean' ? 'mean picture' : 'another picture',
      tone: row.picture === 'mean' ? 'var(--ink)' : 'var(--vision)',
      of: row.reliance,
    })),
    reference: 1,
  });
};

/** Figures of the page of related analyses, in the order of their numbers. */
export const RELATED_FIGURES = {
  'image-tokens': imageTokens,
  'probes-r2': probesBy('r2'),
  'probes-accuracy': probesBy('accuracy'),
  shifts: shiftLayers,
  'shifts-things': shiftThings,
  monosemanticity,
  'attention-mass': attentionBy('mass'),
  'attention-entropy': attentionBy('entropy'),
  'attention-heads': attentionHeads,
  'language-prior': prior,
} as const satisfies Record<string, Maker>;
export type RelatedFigureName = keyof typeof RELATED_FIGURES;
