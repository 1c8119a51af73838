/** What a caller can do about a failed graph operation is part of the error. */
export type GraphErrorCode = 'malformed' | 'unsupported' | 'not-found' | 'shape' | 'device' | 'limit' | 'argument';

/**
 * Every failure of the engine. `message` is one line, `next` is the step that would mend it.
 *
 * @example throw new GraphError('not-found', 'layer 40 does not exist: this decoder has layers 0-29', 'choose a layer from 0 to 29')
 */
export class GraphError extends Error {
  override readonly name = 'GraphError';
  readonly code: GraphErrorCode;
  readonly next: string;

  constructor(code: GraphErrorCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.next = next;
  }
}

/** A failure as it is where it is typed, else as the error of a graph whose shapes and attributes contradict each other. */
export function contradiction(cause: unknown): GraphError {
  if (cause instanceof GraphError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new GraphError('malformed', `the graph contradicts itself: ${why}`, 'export the decoder again', { cause });
}

/** What `read` gives; any failure of it is typed. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw contradiction(cause);
  }
}
