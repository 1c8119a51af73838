import { createApp } from './app.ts';
import { describeWithExamples } from './examples.ts';

const nothing = { list: async () => [], open: async () => null };

/** Text of `openapi.json`: the routes' own description, with examples recorded from the demo release. */
export const emitOpenApi = (): string =>
  `${JSON.stringify(describeWithExamples(createApp({ releases: nothing }) as never), null, 1)}\n`;
