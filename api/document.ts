import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv } from './deps.ts';

const INFO = {
  openapi: '3.1.0',
  info: {
    title: 'Parallax',
    version: '1',
    description:
      'Feature atlases of multimodal fine-tuning. Reads need no key, are open to every origin, and never change under a release id. Errors are problem+json and name the field.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  // No operation needs a key: said, so that it is no omission.
  security: [],
  servers: [{ url: '/', description: 'The site that serves this document' }],
  tags: [
    { name: 'releases', description: 'What is served' },
    { name: 'features', description: 'Features, their evidence and examples' },
    { name: 'layers', description: 'Figures by layer' },
    { name: 'heads', description: 'Attention heads and the features that they feed' },
    { name: 'probe', description: 'Vectors or texts in, features out' },
  ],
};

/** The OpenAPI 3.1 description of an app. */
export const describeApp = (app: OpenAPIHono<AppEnv>): object => app.getOpenAPI31Document(INFO);
