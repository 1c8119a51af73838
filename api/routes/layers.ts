import { z } from '@hono/zod-openapi';
import { LayerSummary, QualityRow } from '#release/schema/index.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { LayerParam, NoQuery, ReleaseParam } from '../params.ts';
import { HttpProblem } from '../problem.ts';
import { accepted, respondJson } from '../respond.ts';
import { json, READ } from '../schema.ts';

const Layer = z.object({ layer: z.int(), summary: LayerSummary.nullable() }).openapi('Layer');
const LayerDetail = Layer.extend({ release: z.string(), quality: z.array(QualityRow) }).openapi('LayerDetail');

export const layers = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/layers',
    operationId: 'listLayers',
    tags: ['layers'],
    summary: 'The layers, each with its figures',
    request: { params: ReleaseParam, query: NoQuery },
    responses: {
      200: json(z.object({ release: z.string(), layers: z.array(Layer) }).openapi('Layers'), 'The layers'),
      ...READ,
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const reader = await openRelease(c, c.req.valid('param').release);
    const summary = await reader.summary();
    const rows = reader.manifest.layers.map((layer) => ({
      layer,
      summary: summary.layers.find((l) => l.layer === layer) ?? null,
    }));
    return respondJson(c, reader.id, { release: reader.id, layers: rows });
  },
);

export const layer = operation(
  {
    method: 'get',
    path: '/api/v1/r/{release}/layers/{layer}',
    operationId: 'getLayer',
    tags: ['layers'],
    summary: 'One layer, with the quality of its dictionaries',
    request: { params: LayerParam, query: NoQuery },
    responses: { 200: json(LayerDetail, 'The layer'), ...READ },
  },
  async (c) => {
    accepted(c, ['application/json']);
    const { release, layer } = c.req.valid('param');
    const reader = await openRelease(c, release);
    const wanted = Number(layer);
    if (!reader.manifest.layers.includes(wanted))
      throw new HttpProblem(404, `layer: ${reader.id} has no layer ${layer}`, {
        field: 'layer',
        allowed: reader.manifest.layers.map(String),
      });
    const [summary, quality] = await Promise.all([reader.summary(), reader.quality()]);
    return respondJson(c, reader.id, {
      release: reader.id,
      layer: wanted,
      summary: summary.layers.find((l) => l.layer === wanted) ?? null,
      quality: quality.rows.filter((row) => row.layer === wanted),
    });
  },
);
