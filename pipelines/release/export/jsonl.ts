import { layerName } from '../ids.ts';
import { type ExportFormat, featuresOf } from './format.ts';

/** `L<ll>.jsonl`: a line a feature, its record and its examples. */
export const jsonl: ExportFormat = {
  title: 'JSON Lines, a file a layer',
  async *files(reader) {
    for (const layer of reader.manifest.layers) {
      const lines: string[] = [];
      for await (const { feature, examples } of featuresOf(reader, layer))
        lines.push(`${JSON.stringify({ ...feature, examples })}\n`);
      yield { path: `${layerName(layer)}.jsonl`, text: lines.join('') };
    }
  },
};
