import { z } from 'zod';
import { Estimate, ProbeRow, ShiftRow } from '#release/schema/index.ts';

/** `probes.json` and `shifts.json`, of all layers. */
export const ProbesFile = z.array(ProbeRow);
export const ShiftsFile = z.array(ShiftRow);

/** `monosemanticity.json`: of the features of one layer, on the pictures that they fire on. */
export const MonosemanticityFile = z.object({
  layer: z.int(),
  /** By feature index; null where it fires on fewer than two pictures. */
  scores: z.array(z.number().nullable()),
  /** Mean similarity of any two pictures. */
  chance: Estimate,
});
export type MonosemanticityFile = z.infer<typeof MonosemanticityFile>;

export const PROBES_FILE = 'probes.json';
export const SHIFTS_FILE = 'shifts.json';
export const MONOSEMANTICITY_FILE = 'monosemanticity.json';
/** `embeddings [samples, width]`: mean image feature of every picture. */
export const IMAGES_FILE = 'images.safetensors';
