import openapi from '../../../api/openapi.json' with { type: 'json' };

/** The parts of an OpenAPI document that the reference shows. */
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: { readonly type?: string | readonly string[]; readonly enum?: readonly string[] };
}
interface Media {
  readonly example?: unknown;
}
interface RawOperation {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly place: string;
    readonly required: boolean;
    readonly kind: string;
    readonly text: string;
  }[];
  readonly body: string | null;
  readonly answers: readonly { readonly status: string; readonly text: string }[];
  /** Example of the answer that is meant, as JSON. */
  readonly example: string | null;
}

/** Longer examples are cut: the whole one stands in the document. */
const LINES = 40;

function shown(value: unknown): string | null {
  if (value === undefined) return null;
  const lines = (typeof value === 'string' ? value : JSON.stringify(value, null, 2)).split('\n');
  return lines.length <= LINES ? lines.join('\n') : `${lines.slice(0, LINES).join('\n')}\n…`;
}

const firstExample = (content: Readonly<Record<string, Media>> | undefined): string | null =>
  shown(Object.values(content ?? {})[0]?.example);

const kindOf = ({ schema }: Parameter): string => (schema?.enum ? schema.enum.join(', ') : String(schema?.type ?? ''));

function operation(path: string, method: string, raw: RawOperation): Operation {
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? raw.description ?? '',
    parameters: (raw.parameters ?? []).map((p) => ({
      name: p.name,
      place: p.in,
      required: p.required ?? false,
      kind: kindOf(p),
      text: p.description ?? '',
    })),
    body: firstExample(raw.requestBody?.content),
    answers: Object.entries(raw.responses).map(([status, { description }]) => ({ status, text: description })),
    example: firstExample(raw.responses['200']?.content),
  };
}

/** Operations by tag, in the order of the document. */
export function reference(document: unknown = openapi): ReadonlyMap<string, readonly Operation[]> {
  const groups = new Map<string, Operation[]>();
  const { paths } = document as { paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>> };
  for (const [path, methods] of Object.entries(paths))
    for (const [method, raw] of Object.entries(methods)) {
      const tag = raw.tags?.[0] ?? 'other';
      groups.set(tag, [...(groups.get(tag) ?? []), operation(path, method, raw)]);
    }
  return groups;
}
