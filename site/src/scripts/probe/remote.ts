import type { LiveCall, LiveDevice, LiveIndex, LiveReply, LiveRequest, LiveResult } from '#release/probe/live.ts';

type Chosen = { readonly device: LiveDevice; readonly note: string };
type Without<T> = T extends unknown ? Omit<T, 'id'> : never;

/** The model in its worker, as promises. */
export interface Remote {
  choose(): Promise<Chosen>;
  open(index: LiveIndex, device: Chosen): Promise<Chosen>;
  ask(request: LiveRequest): Promise<LiveResult>;
}

/** Starts the worker. `progress` gets the bytes of each piece of a download. */
export function startRemote(path: string, progress: (bytes: number) => void): Remote {
  const worker = new Worker(path, { type: 'module' });
  const waiting = new Map<number, { done: (value: never) => void; fail: (error: Error) => void }>();
  let count = 0;
  worker.onmessage = ({ data }: MessageEvent<LiveReply>) => {
    if (data.kind === 'progress') return progress(data.bytes);
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === 'error') call?.fail(new Error(data.message));
    else call?.done(data.value as never);
  };
  worker.onerror = ({ message }) => {
    for (const { fail } of waiting.values()) fail(new Error(message || 'the worker of the model did not start'));
    waiting.clear();
  };
  const call = <T>(words: Without<LiveCall>): Promise<T> =>
    new Promise((done, fail) => {
      count += 1;
      waiting.set(count, { done, fail });
      worker.postMessage({ ...words, id: count });
    });
  return {
    choose: () => call({ kind: 'choose' }),
    open: (index, device) => call({ kind: 'open', index, device }),
    ask: (request) => call({ kind: 'ask', request }),
  };
}
