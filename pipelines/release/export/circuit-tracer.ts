import type { FeatureExamples } from '../schema/examples.ts';
import type { Feature } from '../schema/feature.ts';
import { type ExportFormat, featuresOf } from './format.ts';
import { tokenRow } from './tokens.ts';

/** Cantor's pairing of layer and index: the number under which attribution graphs look a feature up. */
export const cantor = (layer: number, index: number): number => ((layer + index) * (layer + index + 1)) / 2 + index;

const TITLES: Readonly<Record<string, string>> = { top: 'Top activations' };

function quantiles(record: FeatureExamples) {
  const byInterval = new Map<string, unknown[]>();
  for (const example of record.examples) {
    const { tokens, values, top } = tokenRow(record, example);
    const list = byInterval.get(example.interval) ?? [];
    list.push({ is_repeated_datapoint: false, train_token_ind: top, tokens, tokens_acts_list: values });
    byInterval.set(example.interval, list);
  }
  return [...byInterval].map(([interval, examples]) => ({ quantile_name: TITLES[interval] ?? interval, examples }));
}

function featureOf(f: Feature, record: FeatureExamples | null, scan: string) {
  return {
    index: cantor(f.layer, f.index),
    layer: f.layer,
    feature: f.index,
    transcoder_id: scan,
    label: f.label.text,
    examples_quantiles: record ? quantiles(record) : [],
    top_logits: f.promoted.map((t) => t.token),
    bottom_logits: f.suppressed.map((t) => t.token),
    act_min: 0,
    act_max: f.max_activation,
    quantile_values: f.histogram.edges,
    histogram: f.histogram.counts,
    activation_frequency: f.frequency.text,
  };
}

/** `features/<cantor number>.json`: feature files as attribution-graph viewers read them. */
export const circuitTracer: ExportFormat = {
  title: 'Feature files of attribution graphs (circuit-tracer)',
  async *files(reader) {
    for (const layer of reader.manifest.layers)
      for await (const { feature, examples } of featuresOf(reader, layer))
        yield {
          path: `features/${cantor(feature.layer, feature.index)}.json`,
          text: JSON.stringify(featureOf(feature, examples, reader.id)),
        };
  },
};
