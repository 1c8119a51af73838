import { circuitTracer } from './circuit-tracer.ts';
import { csv } from './csv.ts';
import type { ExportFormat } from './format.ts';
import { jsonl } from './jsonl.ts';
import { neuronpedia } from './neuronpedia.ts';

/** Formats that a release can be written in. Adding one is one entry. SAELens dictionaries are `parallax sae convert`'s. */
export const EXPORT_FORMATS = {
  csv,
  jsonl,
  neuronpedia,
  'circuit-tracer': circuitTracer,
} as const satisfies Record<string, ExportFormat>;
export type ExportFormatName = keyof typeof EXPORT_FORMATS;

export type { ExportFile, ExportFormat } from './format.ts';
