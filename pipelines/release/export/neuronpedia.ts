import type { Example, FeatureExamples } from '../schema/examples.ts';
import type { Feature } from '../schema/feature.ts';
import { type ExportFile, type ExportFormat, featuresOf } from './format.ts';
import { tokenRow } from './tokens.ts';

/** Features of one batch file. */
const BATCH = 64;

/** Interval -> the bin that Neuronpedia sorts an example into; -1 marks the strongest, as SAEDashboard does. */
const binOf = (example: Example): number => {
  const quantile = /^q(\d{1,3})$/.exec(example.interval);
  return quantile ? Number(quantile[1]) / 100 : -1;
};

function activations(record: FeatureExamples) {
  return record.examples.map((example) => {
    const { tokens, values, top } = tokenRow(record, example);
    const bin = binOf(example);
    return { bin_min: bin, bin_max: bin, bin_contains: bin, tokens, values, qualifying_token_index: top };
  });
}

/** One feature of a batch. Fields that Parallax does not measure (correlated neurons, logit histogram) are empty lists. */
function featureOf(f: Feature, record: FeatureExamples | null) {
  const { edges, counts } = f.histogram;
  return {
    feature_index: f.index,
    neuron_alignment_indices: [],
    neuron_alignment_values: [],
    neuron_alignment_l1: [],
    correlated_neurons_indices: [],
    correlated_neurons_pearson: [],
    correlated_neurons_l1: [],
    correlated_features_indices: [],
    correlated_features_pearson: [],
    correlated_features_l1: [],
    decoder_weights_dist: [],
    neg_str: f.suppressed.map((t) => t.token),
    neg_values: f.suppressed.map((t) => t.weight),
    pos_str: f.promoted.map((t) => t.token),
    pos_values: f.promoted.map((t) => t.weight),
    frac_nonzero: f.frequency.text,
    // Bars by their middle: heights and values are read side by side.
    freq_hist_data_bar_heights: counts,
    freq_hist_data_bar_values: counts.map((_, i) => (edges[i]! + edges[i + 1]!) / 2),
    logits_hist_data_bar_heights: [],
    logits_hist_data_bar_values: [],
    activations: record ? activations(record) : [],
    explanation: f.label.text,
  };
}

/** `<layer>/batch-<n>.json` in the shape of SAEDashboard's Neuronpedia runner. Patches appear as tokens `<image row,column>`. */
export const neuronpedia: ExportFormat = {
  title: 'Neuronpedia batches (SAEDashboard)',
  async *files(reader) {
    const model = reader.manifest.models.find((m) => m.role === 'tuned')?.id ?? reader.manifest.name;
    for (const layer of reader.manifest.layers) {
      const file = (batch: number, features: unknown[]): ExportFile => ({
        path: `${layer}/batch-${batch}.json`,
        text: JSON.stringify({ model_id: model, layer, sae_set: reader.id, sae_id_suffix: null, features }),
      });
      let [batch, features]: [number, unknown[]] = [0, []];
      for await (const { feature, examples } of featuresOf(reader, layer)) {
        features.push(featureOf(feature, examples));
        if (features.length === BATCH) {
          yield file(batch, features);
          [batch, features] = [batch + 1, []];
        }
      }
      if (features.length > 0) yield file(batch, features);
    }
  },
};
