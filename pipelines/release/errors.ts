export type ReleaseErrorCode = 'malformed' | 'not-found' | 'hash' | 'limit' | 'argument' | 'cursor';

/** Bytes or ids of a release that cannot be trusted. `message` names the file or field, `next` the step that mends it. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly code: ReleaseErrorCode;
  readonly next: string;

  constructor(code: ReleaseErrorCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.next = next;
  }
}
