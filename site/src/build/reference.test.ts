import { describe, expect, it } from 'vitest';
import { reference } from './reference.ts';

describe('reference', () => {
  it('lists every operation once, with its parameters, answers and an example', () => {
    const operations = [...reference().values()].flat();
    expect(new Set(operations.map((o) => o.id)).size).toBe(operations.length);
    const feature = operations.find((o) => o.path === '/api/v1/r/{release}/features/{id}');
    expect(feature).toMatchObject({ method: 'GET' });
    expect(feature?.parameters.map((p) => p.name)).toEqual(expect.arrayContaining(['release', 'id']));
    expect(feature?.answers.map((a) => a.status)).toEqual(expect.arrayContaining(['200', '404']));
    expect(feature?.example).toContain('"id"');
  });
  it('cuts long examples', () => {
    const example = Array.from({ length: 99 }, (_, i) => i);
    const [one] = [
      ...reference({
        paths: {
          '/x': { get: { operationId: 'x', responses: { 200: { description: '', content: { j: { example } } } } } },
        },
      }).values(),
    ].flat();
    expect(one?.example?.split('\n')).toHaveLength(41);
    expect(one?.example?.endsWith('…')).toBe(true);
  });
});
