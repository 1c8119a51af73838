/** Keeps what was read last, up to a number of bytes. */
export class ByteCache<T> {
  readonly #limit: number;
  readonly #entries = new Map<string, { value: T; bytes: number }>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Something larger than the whole cache is not kept. */
  set(key: string, value: T, bytes: number): void {
    if (bytes > this.#limit) return;
    const before = this.#entries.get(key);
    this.#bytes += bytes - (before?.bytes ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, { value, bytes });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#limit) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }
}
