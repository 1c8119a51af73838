import { Agent, request } from 'node:http';

/** One request of a benchmark. */
export interface Shot {
  readonly path: string;
  readonly body?: string;
}

/** Sends one request and reads the answer to its end; any status but 200 fails the benchmark. */
function send(agent: Agent, url: string, { path, body }: Shot): Promise<void> {
  return new Promise((done, fail) => {
    const call = request(url + path, {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      headers:
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    call.on('error', fail);
    call.on('response', (response) => {
      response.on('error', fail);
      response.on('end', () =>
        response.statusCode === 200 ? done() : fail(new Error(`${path}: ${response.statusCode}`)),
      );
      response.resume();
    });
    call.end(body);
  });
}

/** A Worker and the requests that it gets. */
export interface Target {
  readonly url: string;
  readonly shot: (i: number) => Shot;
}

/** Times of `count` requests to each target, turn by turn so that the machine's moods hit all alike, in ms, after some that warm up. */
export async function latencies(targets: readonly Target[], count: number, warm = 40): Promise<number[][]> {
  const agents = targets.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  const times: number[][] = targets.map(() => []);
  for (let i = -warm; i < count; i += 1)
    for (const [t, { url, shot }] of targets.entries()) {
      const began = performance.now();
      await send(agents[t]!, url, shot(i + warm));
      if (i >= 0) times[t]!.push(performance.now() - began);
    }
  for (const agent of agents) agent.destroy();
  return times;
}

/** Requests a second over some time, with `connections` at once. */
export async function throughput(
  url: string,
  shots: (i: number) => Shot,
  connections: number,
  ms: number,
): Promise<{ rate: number; n: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const began = performance.now();
  let n = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - began < ms) {
        await send(agent, url, shots(n));
        n += 1;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return { rate: n / seconds, n };
}
