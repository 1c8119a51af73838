/** What the scheduler needs to know of a piece of work. */
export interface Node {
  readonly name: string;
  /** Role -> name of a piece that must be done before. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Runs every node after its inputs, at most `width` at a time, in the order given where there is a choice.
 * After the first failure nothing more is started; its error is thrown once `stop` has ended the rest.
 */
export async function schedule<N extends Node>(
  nodes: readonly N[],
  width: number,
  run: (node: N) => Promise<void>,
  stop: () => void,
): Promise<void> {
  const done = new Set<string>();
  const waiting = [...nodes];
  const atWork = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  while (waiting.length > 0 || atWork.size > 0) {
    while (!failure && atWork.size < width) {
      const at = waiting.findIndex(({ inputs }) => Object.values(inputs).every((name) => done.has(name)));
      if (at < 0) break;
      const [node] = waiting.splice(at, 1);
      const work = run(node!)
        .then(() => {
          done.add(node!.name);
        })
        .catch((error: unknown) => {
          if (!failure) {
            failure = { error };
            stop();
          }
        })
        .finally(() => atWork.delete(work));
      atWork.add(work);
    }
    if (atWork.size === 0) break;
    await Promise.race(atWork);
  }
  if (failure) throw failure.error;
}
