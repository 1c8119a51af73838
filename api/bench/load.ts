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

/** Times of `count` requests one after the other, in ms, after some that warm up. */
export async function latencies(url: string, shots: (i: number) => Shot, count: number, warm = 30): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let i = -warm; i < count; i += 1) {
    const began = performance.now();
    await send(agent, url, shots(i + warm));
    if (i >= 0) times.push(performance.now() - began);
  }
  agent.destroy();
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
