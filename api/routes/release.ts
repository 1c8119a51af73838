import { z } from '@hono/zod-openapi';
import { Manifest } from '#release/schema/index.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { NoQuery, ReleaseParam } from '../params.ts';
import { accepted, respondJson } from '../respond.ts';
import { json, ModelInfo, QualityFile, READ, Summary } from '../schema.ts';

const JSON_ONLY = ['application/json'];
const request = { params: ReleaseParam, query: NoQuery };

const ReleaseInfo = Manifest.omit({ files: true }).extend({ id: z.string() }).openapi('Release');

/** What a release says of itself. The list of its files is `manifest.json` itself. */
export const release = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}',
    operationId: 'getRelease',
    tags: ['releases'],
    summary: 'A release: models, layers, stages, method settings, counts',
    request,
    responses: { 200: json(ReleaseInfo, 'The release'), ...READ },
  },
  async (c) => {
    accepted(c, JSON_ONLY);
    const reader = await openRelease(c, c.req.valid('param').release);
    const { files: _, ...manifest } = reader.manifest;
    return respondJson(c, reader.id, { id: reader.id, ...manifest });
  },
);

export const models = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/models',
    operationId: 'listModels',
    tags: ['releases'],
    summary: 'The models that the release was made from',
    request,
    responses: {
      200: json(z.object({ release: z.string(), models: z.array(ModelInfo) }).openapi('Models'), 'The models'),
      ...READ,
    },
  },
  async (c) => {
    accepted(c, JSON_ONLY);
    const reader = await openRelease(c, c.req.valid('param').release);
    return respondJson(c, reader.id, { release: reader.id, models: reader.manifest.models });
  },
);

export const summary = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/summary',
    operationId: 'getSummary',
    tags: ['releases'],
    summary: 'The figures that a report quotes, by layer and for the run',
    request,
    responses: { 200: json(Summary, 'The summary'), ...READ },
  },
  async (c) => {
    accepted(c, JSON_ONLY);
    const reader = await openRelease(c, c.req.valid('param').release);
    return respondJson(c, reader.id, await reader.summary());
  },
);

export const quality = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/quality',
    operationId: 'getQuality',
    tags: ['releases'],
    summary: 'Quality card of every dictionary, on held-out tokens',
    request,
    responses: { 200: json(QualityFile, 'The quality card'), ...READ },
  },
  async (c) => {
    accepted(c, JSON_ONLY);
    const reader = await openRelease(c, c.req.valid('param').release);
    return respondJson(c, reader.id, await reader.quality());
  },
);
