import { z } from '@hono/zod-openapi';
import { parseFeatureId } from '#release/ids.ts';
import { signposting } from '../links.ts';
import { noFeature, openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { FeatureParam, NoQuery } from '../params.ts';
import { accepted, respond, respondJson } from '../respond.ts';
import { Feature, FeatureExamples, json, READ } from '../schema.ts';

const request = { params: FeatureParam, query: NoQuery };

/** The stored record itself: the body's sha256 is the record's hash, and stands in the ETag. */
export const feature = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/features/{id}',
    operationId: 'getFeature',
    tags: ['features'],
    summary: 'A feature, byte for byte as the release stores it',
    request,
    responses: { 200: json(Feature, 'The feature'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const { release, id } = c.req.valid('param');
    const reader = await openRelease(c, release);
    const place = parseFeatureId(id)!;
    const record = await reader.stored('cards', place.layer, place.index);
    if (!record) throw noFeature(reader, id);
    const link = signposting(reader, { kind: 'feature', ...place });
    return respond(c, { body: record.bytes, release: reader.id, hash: record.hash, headers: { link } });
  },
);

export const examples = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/features/{id}/examples',
    operationId: 'getExamples',
    tags: ['features'],
    summary: "A feature's top samples, with its activation on every patch and token",
    request,
    responses: { 200: json(FeatureExamples, 'The examples; empty where the release holds none'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const { release, id } = c.req.valid('param');
    const reader = await openRelease(c, release);
    const { layer, index } = parseFeatureId(id)!;
    if (reader.ordinal(layer, index) === null) throw noFeature(reader, id);
    const record = await reader.stored('examples', layer, index);
    if (!record) return respondJson(c, reader.id, { id, samples: [], examples: [], pairs: [] });
    return respond(c, { body: record.bytes, release: reader.id, hash: record.hash });
  },
);

const Near = z.object({ id: z.string(), label: z.string() });
const Neighbours = z
  .object({
    release: z.string(),
    id: z.string(),
    /** By cosine of the decoder rows. */
    neighbours: z.array(Near.extend({ cosine: z.number() })),
    /** Features of other layers that fire alike. */
    matches: z.array(Near.extend({ correlation: z.number() })),
  })
  .openapi('Neighbours');

export const neighbours = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/features/{id}/neighbours',
    operationId: 'getNeighbours',
    tags: ['features'],
    summary: 'Features with a decoder row nearby, and features of other layers that fire alike',
    request,
    responses: { 200: json(Neighbours, 'The neighbours'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const { release, id } = c.req.valid('param');
    const reader = await openRelease(c, release);
    const { layer, index } = parseFeatureId(id)!;
    const card = await reader.feature(layer, index);
    if (!card) throw noFeature(reader, id);
    const labelled = async <T extends { id: string }>(rows: readonly T[]) => {
      const places = rows.flatMap((row) => {
        const place = parseFeatureId(row.id);
        const ordinal = place && reader.ordinal(place.layer, place.index);
        return ordinal === null ? [] : [{ row, ordinal }];
      });
      const labels = await reader.labels(places.map((p) => p.ordinal));
      return places.map(({ row }, i) => ({ ...row, label: labels[i]! }));
    };
    const [near, alike] = await Promise.all([labelled(card.neighbours), labelled(card.matches)]);
    return respondJson(c, reader.id, { release: reader.id, id, neighbours: near, matches: alike });
  },
);
