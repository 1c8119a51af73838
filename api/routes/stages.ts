import { z } from '@hono/zod-openapi';
import { histogramEdges, layerHistogram, layerValues } from '#release/histogram.ts';
import { SCALAR_NAMES } from '#release/scalars.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { integerText, ReleaseParam } from '../params.ts';
import { HttpProblem } from '../problem.ts';
import { accepted, respondJson } from '../respond.ts';
import { Column, json, READ } from '../schema.ts';

const MAX_BINS = 200;
const Query = z.strictObject({
  metric: z.enum(SCALAR_NAMES as [string, ...string[]]).openapi({ description: 'Scalar', example: 'cos_s_f' }),
  layer: integerText(0, 999).optional().openapi({
    type: 'integer',
    minimum: 0,
    maximum: 999,
    description: 'This layer only, with the value of every feature',
  }),
  bins: integerText(1, MAX_BINS).optional().openapi({ type: 'integer', minimum: 1, maximum: MAX_BINS, default: 40 }),
});

const quantiles = {
  min: z.number().nullable(),
  q25: z.number().nullable(),
  median: z.number().nullable(),
  q75: z.number().nullable(),
  max: z.number().nullable(),
};
const Stages = z
  .object({
    release: z.string(),
    metric: Column,
    edges: z.array(z.number()),
    layers: z.array(z.object({ layer: z.int(), n: z.int(), missing: z.int(), counts: z.array(z.int()), ...quantiles })),
    /** By feature index where one layer was asked for; null where there is no value. */
    values: z.array(z.number().nullable()).nullable(),
  })
  .openapi('Stages');

export const stages = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/stages',
    operationId: 'getStages',
    tags: ['layers'],
    summary: 'Histogram and quantiles of any scalar by layer, on the same edges; its values, for one layer',
    request: { params: ReleaseParam, query: Query },
    responses: { 200: json(Stages, 'The histograms'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    const { metric, layer, bins } = c.req.valid('query');
    const { layers } = reader.manifest;
    if (layer !== undefined && !layers.includes(layer))
      throw new HttpProblem(404, `layer: ${reader.id} has no layer ${layer}`, {
        field: 'layer',
        allowed: layers.map(String),
      });
    const column = await reader.column(metric);
    if (!column)
      throw new HttpProblem(404, `metric: ${reader.id} has no ${metric}`, {
        field: 'metric',
        next: `see /api/v1/r/${reader.id}/columns`,
      });
    const edges = histogramEdges(column, bins ?? 40);
    return respondJson(c, reader.id, {
      release: reader.id,
      metric: column.column,
      edges,
      layers: (layer === undefined ? layers : [layer]).map((l) => layerHistogram(reader, column, l, edges)),
      values: layer === undefined ? null : layerValues(reader, column, layer),
    });
  },
);
