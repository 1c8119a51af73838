import { z } from '@hono/zod-openapi';
import type { LivePicture } from '#release/probe/live.ts';
import { fromBase64, type TextRefusal, type TextReply } from '#release/probe/text.ts';
import { jsonBody } from '../body.ts';
import { COMMON } from '../headers.ts';
import { labelled } from '../labelled.ts';
import { withinLimit } from '../limit.ts';
import { openRelease } from '../open.ts';
import { operation } from '../operation.ts';
import { NoQuery, ReleaseParam } from '../params.ts';
import { HttpProblem, type ProblemStatus, problems } from '../problem.ts';
import { accepted } from '../respond.ts';
import { json } from '../schema.ts';

const MAX_TEXT = 2000;
/** Pixels on a side. */
const MAX_SIDE = 512;
const MAX_PIXELS = 3 * MAX_SIDE ** 2;
/** Every pixel written out as `255,`. */
const MAX_BYTES = 4 * MAX_PIXELS + 64 * 1024;
const MAX_TOP = 32;

const Image = z
  .strictObject({
    width: z.int().min(1).max(MAX_SIDE),
    height: z.int().min(1).max(MAX_SIDE),
    data: z
      .union([z.string().max(Math.ceil(MAX_PIXELS / 3) * 4), z.array(z.int().min(0).max(255)).max(MAX_PIXELS)])
      .openapi({ description: 'RGB, row by row, 3 bytes a pixel: in base64, or as numbers' }),
  })
  .openapi('ProbeImage');
const Text = z
  .strictObject({
    text: z.string().min(1).max(MAX_TEXT).openapi({
      description: 'Read as it stands; with an image, as a question about it in the prompt of the model',
    }),
    image: Image.optional().openapi({ description: "Raw pixels of the size that the model's encoder reads" }),
    layer: z.int().min(0).max(999),
    stage: z
      .string()
      .regex(/^\w{1,20}$/)
      .default('F')
      .openapi({ description: "Whose dictionary reads the tuned model's activations: a stage of the release" }),
    top: z.int().min(1).max(MAX_TOP).default(8).openapi({ description: 'Features of each token at most' }),
  })
  .openapi('ProbeText');

const Fired = z.object({ id: z.string(), label: z.string(), value: z.number() }).openapi('FiredFeature');
const Token = z
  .object({
    text: z.string(),
    /** `dropped`: the mark that begins every text. */
    class: z.enum(['image', 'text', 'dropped']),
    features: z.array(Fired),
  })
  .openapi('ProbeToken');
const Result = z
  .object({ release: z.string(), layer: z.int(), stage: z.string(), tokens: z.array(Token) })
  .openapi('ProbeTextResult');

/** What each refusal is over HTTP. */
const REFUSED: Readonly<Record<TextRefusal, { status: ProblemStatus; field: string; next: string; after?: string }>> = {
  none: { status: 404, field: 'release', next: 'probe with vectors, or in the browser on /r/<release>/probe/' },
  layer: { status: 404, field: 'layer', next: 'choose a layer of the release' },
  stage: { status: 404, field: 'stage', next: 'choose a stage of the release' },
  text: { status: 409, field: 'text', next: 'write another text' },
  image: { status: 409, field: 'image', next: 'resize the picture before' },
  busy: { status: 429, field: '', next: 'try again in a second', after: '1' },
};

function problemOf({ refused, detail, allowed }: Extract<TextReply, { refused: unknown }>): HttpProblem {
  const { status, field, next, after } = REFUSED[refused];
  return new HttpProblem(status, field ? `${field}: ${detail}` : detail, {
    ...(field ? { field } : {}),
    ...(allowed ? { allowed } : {}),
    next,
    ...(after ? { headers: { 'retry-after': after } } : {}),
  });
}

/** The pixels of a body. @throws HttpProblem 409 where they are not as many as it says */
function pictureOf(image: z.infer<typeof Image> | undefined): LivePicture | null {
  if (!image) return null;
  const { width, height, data: given } = image;
  const data = typeof given === 'string' ? fromBase64(given) : Uint8Array.from(given);
  const wanted = 3 * width * height;
  if (data?.length === wanted) return { width, height, data };
  const found = data ? `${data.length} bytes` : 'no base64';
  throw new HttpProblem(409, `image.data: ${found}, ${width} x ${height} pixels have ${wanted} bytes`, {
    field: 'image.data',
  });
}

export const probeText = operation(
  {
    method: 'post',
    path: '/api/v1/r/{release}/probe/text',
    operationId: 'probeText',
    tags: ['probe'],
    summary: 'A text, perhaps with a picture, in; the features of every token out. The model itself runs on the server',
    description:
      'Where the release has no model small enough, or this server runs none, the answer is a 404 that says so. One text is read at a time; another gets 429 at once.',
    middleware: [jsonBody(MAX_BYTES)],
    request: {
      params: ReleaseParam,
      query: NoQuery,
      body: { required: true, content: { 'application/json': { schema: Text } } },
    },
    responses: {
      200: json(Result, 'Tokens in order, each with the features that fire at it, the strongest first'),
      307: { description: 'The path names an alias: ask the newest release of that name' },
      ...problems(400, 404, 406, 409, 413, 415, 422, 429, 502),
    },
  },
  async (c) => {
    accepted(c, ['application/json']);
    await withinLimit(c);
    const reader = await openRelease(c, c.req.valid('param').release);
    const { text, image, layer, stage, top } = c.req.valid('json');
    const picture = pictureOf(image);
    const { askText } = c.var.deps;
    if (!askText) throw problemOf({ refused: 'none', detail: 'this server runs no model' });
    const reply = await askText({ release: reader.id, text, picture, layer, stage, top });
    if ('refused' in reply) throw problemOf(reply);
    const features = await labelled(
      reader,
      layer,
      reply.tokens.map((token) => token.features),
    );
    const tokens = reply.tokens.map((token, t) => ({ ...token, features: features[t]! }));
    return Response.json(
      { release: reader.id, layer, stage, tokens },
      { headers: { ...COMMON, 'cache-control': 'no-store' } },
    );
  },
);
