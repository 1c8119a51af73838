import { z } from 'zod';
import { RECORD_SCHEMAS } from '../check.ts';

/** JSON Schema (2020-12) of every JSON record, by file name. */
export function jsonSchemas(): Map<string, string> {
  return new Map(
    Object.entries(RECORD_SCHEMAS).map(([name, schema]) => {
      const json = z.toJSONSchema(schema, { io: 'output' });
      return [`${name}.schema.json`, `${JSON.stringify({ title: name, ...json }, null, 2)}\n`];
    }),
  );
}
