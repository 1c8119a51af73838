import type { ReleaseReader } from '../reader.ts';
import type { FeatureExamples } from '../schema/examples.ts';
import type { Feature } from '../schema/feature.ts';

/** One file of an export. */
export interface ExportFile {
  readonly path: string;
  readonly text: string;
}

/** How a release is written for other programs. */
export interface ExportFormat {
  readonly title: string;
  files(reader: ReleaseReader): AsyncIterable<ExportFile>;
}

/** Features of a layer with their examples, in order. */
export async function* featuresOf(
  reader: ReleaseReader,
  layer: number,
): AsyncIterable<{ feature: Feature; examples: FeatureExamples | null }> {
  for (let index = 0; index < reader.manifest.features_per_layer; index += 1) {
    const [feature, examples] = await Promise.all([reader.feature(layer, index), reader.examples(layer, index)]);
    if (feature) yield { feature, examples };
  }
}
