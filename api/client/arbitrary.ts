import fc from 'fast-check';

/** The part of an OpenAPI 3.1 document that requests are made from. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: Record<string, unknown>;
}
export interface DescribedOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  readonly responses: Record<string, { content?: Record<string, { schema: unknown }> }>;
}

/** What a test knows that the document does not: names that exist. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** Texts that break readers: escapes, controls, lone surrogates, numbers at their ends, other people's syntax. */
const HOSTILE = [
  '',
  ' ',
  '%',
  '%00',
  '%zz',
  '\u0000',
  '\n',
  '../..',
  '/',
  '\\',
  "'",
  '"',
  '<b>',
  '{}',
  '[]',
  'null',
  'NaN',
  '-1',
  '0x10',
  '1e999',
  '9'.repeat(40),
  'é',
  '\ud83d\ude00',
  'L0F0,L0F1',
  '__proto__',
  'constructor',
  'a'.repeat(3000),
  '*',
  '**',
  '-',
];
const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

type Schema = Record<string, unknown>;

/** Values of a schema, as texts, for the kinds that parameters have. */
function valid(schema: Schema, known: readonly string[]): fc.Arbitrary<string> {
  const given = known.length > 0 ? [fc.constantFrom(...known)] : [];
  if (schema['enum']) return fc.constantFrom(...(schema['enum'] as string[]));
  if (schema['type'] === 'integer')
    return fc.oneof(
      ...given,
      fc.integer({ min: Number(schema['minimum'] ?? 0), max: Number(schema['maximum'] ?? 1000) }).map(String),
    );
  if (schema['type'] === 'number')
    return fc.oneof(
      ...given,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => JSON.stringify(x)),
    );
  if (given.length > 0) return fc.oneof(...given);
  const pattern = schema['pattern'] as string | undefined;
  return pattern
    ? fc.stringMatching(new RegExp(pattern))
    : fc.string({ maxLength: Math.min(60, Number(schema['maxLength'] ?? 60)) });
}

export interface Drawn {
  readonly method: string;
  readonly address: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

const ACCEPT = [
  '*/*',
  'application/json',
  'application/x-ndjson',
  'text/html',
  'text/html;q=0.9, */*;q=0.1',
  'image/png',
  ';;,',
  'application/json;q=0',
  'a/b;q=x',
];

const text = (parameter: Parameter, known: Known): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: valid(parameter.schema, known[parameter.name] ?? []) },
    { weight: 1, arbitrary: hostile },
  );

/** `encodeURIComponent` for any text, lone surrogates too. */
const escaped = (value: string): string => encodeURIComponent(value.toWellFormed());

/** Requests to one operation: most of them valid, some hostile in one or more places. */
export function requests(
  path: string,
  method: string,
  operation: DescribedOperation,
  known: Known,
  bodies: fc.Arbitrary<unknown>,
): fc.Arbitrary<Drawn> {
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((p) => p.in === 'path');
  const inQuery = parameters.filter((p) => p.in === 'query');
  const optional = inQuery.filter((p) => !p.required);
  const query = fc
    .tuple(
      fc.tuple(
        ...inQuery
          .filter((p) => p.required)
          .map((p) => text(p, known).map((value): [string, string] => [p.name, value])),
      ),
      fc
        .subarray(optional, { maxLength: Math.min(4, optional.length) })
        .chain((some) =>
          fc.tuple(...some.map((p) => text(p, known).map((value): [string, string] => [p.name, value]))),
        ),
      fc.oneof(
        { weight: 12, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(fc.tuple(hostile, hostile), { maxLength: 2 }) },
      ),
    )
    .map((parts) =>
      parts
        .flat()
        .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
        .join('&'),
    );
  return fc.record({
    method: fc.oneof(
      { weight: 12, arbitrary: fc.constant(method) },
      { weight: 1, arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH') },
    ),
    address: fc.tuple(fc.tuple(...inPath.map((p) => text(p, known))), query).map(([places, search]) => {
      const filled = inPath.reduce(
        (done, p, i) => done.replace(`{${p.name}}`, () => escaped(places[i]!) || '%20'),
        path,
      );
      return search ? `${filled}?${search}` : filled;
    }),
    headers: fc.record({
      accept: fc.oneof(
        { weight: 4, arbitrary: fc.constant('*/*') },
        { weight: 1, arbitrary: fc.constantFrom(...ACCEPT) },
      ),
      'content-type': fc.oneof(
        { weight: 9, arbitrary: fc.constant('application/json') },
        { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=latin1') },
      ),
    }),
    body: operation.requestBody
      ? fc.oneof(
          { weight: 5, arbitrary: bodies.map((b) => JSON.stringify(b)) },
          { weight: 1, arbitrary: fc.json() },
          { weight: 1, arbitrary: hostile },
        )
      : fc.constant(null),
  });
}
