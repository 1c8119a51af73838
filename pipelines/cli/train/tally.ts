/** Answers of one kind of question. */
export interface Score {
  readonly n: number;
  readonly right: number;
  /** Share of the commonest answer: what is right without looking. */
  readonly chance: number;
}

/** Counts answers by kind. */
export class Tally {
  readonly #kinds = new Map<string, { n: number; right: number; answers: Map<string, number> }>();

  add(kind: string, answer: string, right: boolean): void {
    const entry = this.#kinds.get(kind) ?? { n: 0, right: 0, answers: new Map() };
    this.#kinds.set(kind, entry);
    entry.n += 1;
    entry.right += right ? 1 : 0;
    entry.answers.set(answer, (entry.answers.get(answer) ?? 0) + 1);
  }

  /** Shares by kind, kinds in alphabetical order. */
  scores(): Record<string, Score> {
    const share = (part: number, n: number) => Number((part / n).toFixed(4));
    return Object.fromEntries(
      [...this.#kinds]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([kind, { n, right, answers }]) => [
          kind,
          { n, right: share(right, n), chance: share(Math.max(...answers.values()), n) },
        ]),
    );
  }
}
