import { z } from 'zod';
import { FEATURE_ID, HEAD_ID, RELEASE_ID } from '../ids.ts';

/** `L03F0123` is written `L3F123`: layer and feature without padding. */
export const FeatureId = z.string().regex(FEATURE_ID).meta({ description: 'Layer and feature index, L3F123' });
export const HeadId = z.string().regex(HEAD_ID).meta({ description: 'Layer and head, H3.5' });

/** `<name>@<yyyy.mm.patch>-<first 12 hex digits of the manifest's sha256>` */
export const ReleaseId = z.string().regex(RELEASE_ID).meta({
  description: 'Release id: name, version, first 12 hex digits of the sha256 of the manifest',
});

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export type FeatureId = z.infer<typeof FeatureId>;
export type HeadId = z.infer<typeof HeadId>;
export type ReleaseId = z.infer<typeof ReleaseId>;
