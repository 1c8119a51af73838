import { contradiction } from './errors.ts';
import type { Session } from './session.ts';

/** Open sessions at most; each may hold its own copy of packed weights. */
const LIMIT = 8;

interface Entry<P> {
  readonly plan: Promise<P>;
  users: number;
}

/** Sessions by key: opened once, the one unused for longest closed when there are too many. */
export class SessionCache {
  readonly #entries = new Map<string, Entry<{ readonly session: Session }>>();
  readonly #limit: number;

  /** @param limit of sessions kept open */
  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  /** Number of open sessions. */
  get size(): number {
    return this.#entries.size;
  }

  /** Uses the session of `key`, opening it where it is not open. Throws `GraphError` where its graph cannot be made. */
  async use<P extends { readonly session: Session }, R>(
    key: string,
    open: () => Promise<P>,
    use: (plan: P) => Promise<R>,
  ): Promise<R> {
    const made = async () => {
      try {
        return await open();
      } catch (cause) {
        throw contradiction(cause);
      }
    };
    const entry = this.#entries.get(key) ?? { plan: made(), users: 0 };
    // to the end: the first entry is the one unused for longest
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      return await use((await entry.plan) as P);
    } catch (error) {
      if (
        await entry.plan.then(
          () => false,
          () => true,
        )
      )
        this.#entries.delete(key);
      throw error;
    } finally {
      entry.users -= 1;
      await this.#trim(this.#limit);
    }
  }

  async #trim(limit: number): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= limit) return;
      if (entry.users > 0) continue;
      this.#entries.delete(key);
      await (await entry.plan).session.close();
    }
  }

  /** Closes all sessions; those in use stay open until the next call. */
  close(): Promise<void> {
    return this.#trim(0);
  }
}
