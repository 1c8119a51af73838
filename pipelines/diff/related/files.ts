import { z } from 'zod';
import { Controlled } from '#release/schema/estimate.ts';

/** Linear probes of one layer: what is read, from which tokens, how well on held-out samples, and from shuffled truth. */
export const ProbeRow = z.object({
  layer: z.int(),
  tokens: z.enum(['image', 'text', 'last']),
  /** Of the thing that the question is about: its place (R^2) or its name (accuracy); or whether the relation holds (accuracy). */
  target: z.enum(['x', 'y', 'identity', 'holds']),
  measure: z.enum(['r2', 'accuracy']),
  score: Controlled,
});
export type ProbeRow = z.infer<typeof ProbeRow>;

/** Concept shift vectors of one layer. */
export const ShiftRow = z.object({
  layer: z.int(),
  concept: z.string(),
  /** Norm of the shift in units of the norm of the base's mean. */
  size: z.number(),
  recovery: Controlled,
});
export type ShiftRow = z.infer<typeof ShiftRow>;

/** Monosemanticity of the features of one layer on the pictures that they fire on. */
export const MonosemanticityRow = z.object({
  layer: z.int(),
  /** By feature index; null where it fires on fewer than two pictures. */
  scores: z.array(z.number().nullable()),
  /** Mean similarity of all pairs of pictures. */
  chance: z.number(),
  pictures: z.int(),
});
export type MonosemanticityRow = z.infer<typeof MonosemanticityRow>;

export const PROBES_FILE = 'probes.json';
export const SHIFTS_FILE = 'shifts.json';
export const MONOSEMANTICITY_FILE = 'monosemanticity.json';
/** `embeddings [samples, width]`: mean image feature of every picture. */
export const IMAGES_FILE = 'images.safetensors';
