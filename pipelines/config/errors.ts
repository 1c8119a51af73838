/**
 * A failure that a user can mend. `message` is one line that names the field; `next` is the step that mends it.
 * Any error with a string `next` is shown by the command line as one line, exit code 1 (2 for `misuse`).
 */
export class ParallaxError extends Error {
  override readonly name: string = 'ParallaxError';
  readonly next: string;
  readonly misuse: boolean;

  constructor(message: string, next: string, options: ErrorOptions & { misuse?: boolean } = {}) {
    super(message, options);
    this.next = next;
    this.misuse = options.misuse ?? false;
  }
}
