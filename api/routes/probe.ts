import { z } from '@hono/zod-openapi';
import { probeVector } from '#release/probe/probe.ts';
import { projectorOf } from '#release/probe/project.ts';
import { jsonBody } from '../body.ts';
import { COMMON } from '../headers.ts';
import { labelled } from '../labelled.ts';
import { withinLimit } from '../limit.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { NoQuery, ReleaseParam } from '../params.ts';
import { HttpProblem, problems } from '../problem.ts';
import { accepted } from '../respond.ts';
import { json } from '../schema.ts';

const MAX_VECTORS = 64;
const MAX_WIDTH = 16_384;
const MAX_TOP = 64;
const MAX_BYTES = 4 * 2 ** 20;
const MAX_NUMBER = 1e30;

/** What is wrong with a vector, and where; null when nothing is. */
function wrongIn(vector: unknown): { message: string; path: number[] } | null {
  if (!Array.isArray(vector) || vector.length < 1 || vector.length > MAX_WIDTH)
    return { message: `must be a list of 1 to ${MAX_WIDTH} numbers`, path: [] };
  const at = vector.findIndex((v) => !(typeof v === 'number' && Math.abs(v) <= MAX_NUMBER));
  return at < 0 ? null : { message: `must be a number from -${MAX_NUMBER} to ${MAX_NUMBER}`, path: [at] };
}

/** Checked as a whole: zod makes two objects of every number, and a body holds up to a million. */
const Vector = z
  .custom<number[]>()
  .superRefine((vector, context) => {
    const wrong = wrongIn(vector);
    if (wrong) context.addIssue({ code: 'custom', ...wrong });
  })
  .openapi({
    type: 'array',
    items: { type: 'number', minimum: -MAX_NUMBER, maximum: MAX_NUMBER },
    minItems: 1,
    maxItems: MAX_WIDTH,
  });

const Vectors = z
  .strictObject({
    layer: z.int().min(0).max(999),
    /** Residual vectors after the block of that layer, each of the model's width. */
    vectors: z.array(Vector).min(1).max(MAX_VECTORS),
    top: z.int().min(1).max(MAX_TOP).default(16),
  })
  .openapi('ProbeVectors');

const Hit = z
  .object({ id: z.string(), label: z.string(), pre: z.number(), activation: z.number() })
  .openapi('ProbeHit');
const Result = z
  .object({ release: z.string(), layer: z.int(), stage: z.literal('F'), results: z.array(z.array(Hit)) })
  .openapi('ProbeResult');

export const probeVectors = operation(
  {
    method: 'post',
    path: '/api/v1/r/{release}/probe/vectors',
    operationId: 'probeVectors',
    tags: ['probe'],
    summary: 'Residual vectors in, the features with the largest pre-activation out, by the int8 encoder of stage F',
    middleware: [jsonBody(MAX_BYTES)],
    request: {
      params: ReleaseParam,
      query: NoQuery,
      body: { required: true, content: { 'application/json': { schema: Vectors } } },
    },
    responses: {
      200: json(Result, 'Features of each vector, the strongest first'),
      307: { description: 'The path names an alias: ask the newest release of that name' },
      ...problems(400, 404, 406, 409, 413, 415, 422, 429, 502),
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    await withinLimit(c);
    const { probeModule } = c.var.deps;
    const reader = await openRelease(c, c.req.valid('param').release);
    const { layer, vectors, top } = c.req.valid('json');
    if (!reader.manifest.layers.includes(layer))
      throw new HttpProblem(404, `layer: ${reader.id} has no layer ${layer}`, {
        field: 'layer',
        allowed: reader.manifest.layers.map(String),
      });
    const encoder = await reader.encoder(layer);
    if (!encoder)
      throw new HttpProblem(404, `layer: ${reader.id} ships no encoder of layer ${layer}`, { field: 'layer' });
    const wrong = vectors.findIndex((v) => v.length !== encoder.d);
    if (wrong >= 0)
      throw new HttpProblem(
        409,
        `vectors.${wrong}: ${vectors[wrong]!.length} numbers, this model's width is ${encoder.d}`,
        { field: `vectors.${wrong}` },
      );
    const projector = projectorOf(encoder, (await probeModule?.()) ?? null);
    const found = vectors.map((v) => probeVector(encoder, projector, v, top));
    const results = await labelled(reader, layer, found);
    return Response.json(
      { release: reader.id, layer, stage: 'F', results },
      { headers: { ...COMMON, 'cache-control': 'no-store' } },
    );
  },
);
