import type { LiveCall, LiveProbe, LiveReply } from '#release/probe/live.ts';
import { chooseDevice, openLive } from './browser.ts';

/** Browser entry: the model in a worker, so that the page never waits for it. One call after the other, in order. */
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<LiveCall>) => void) | null;
  postMessage(reply: LiveReply): void;
};

let probe: LiveProbe | undefined;

const CALLS: { [K in LiveCall['kind']]: (call: Extract<LiveCall, { kind: K }>) => Promise<unknown> } = {
  choose: chooseDevice,
  async open({ index, device }) {
    probe = await openLive(index, device, (bytes) => scope.postMessage({ kind: 'progress', bytes }));
    return { device: probe.device, note: probe.note };
  },
  ask({ request }) {
    if (!probe) throw new Error('the model is not loaded');
    return probe.ask(request);
  },
};

let last: Promise<void> = Promise.resolve();
scope.onmessage = ({ data }) => {
  last = last.then(async () => {
    try {
      const value = await (CALLS[data.kind] as (call: LiveCall) => Promise<unknown>)(data);
      scope.postMessage({ kind: 'value', id: data.id, value });
    } catch (error) {
      scope.postMessage({
        kind: 'error',
        id: data.id,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  });
};
