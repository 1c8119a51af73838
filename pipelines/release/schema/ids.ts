import { z } from 'zod';

/** `L03F0123` is written `L3F123`: layer and feature without padding. */
export const FeatureId = z
  .string()
  .regex(/^L(0|[1-9]\d{0,2})F(0|[1-9]\d{0,6})$/)
  .meta({ description: 'Layer and feature index, L3F123' });
export const HeadId = z
  .string()
  .regex(/^H(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/)
  .meta({ description: 'Layer and head, H3.5' });

/** `<name>@<yyyy.mm.patch>-<first 12 hex digits of the manifest's sha256>` */
export const ReleaseId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,40}@\d{4}\.\d{1,2}\.\d{1,4}-[0-9a-f]{12}$/)
  .meta({
    description: 'Release id: name, version, first 12 hex digits of the sha256 of the manifest',
  });

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export type FeatureId = z.infer<typeof FeatureId>;
export type HeadId = z.infer<typeof HeadId>;
export type ReleaseId = z.infer<typeof ReleaseId>;
