import { type AskText, unpackRequest } from '#release/probe/text.ts';
import { createTextProbe } from './answer.ts';
import { startRuntime } from './runtime.ts';

/** Bindings of the Worker that reads texts. */
interface Env {
  /** The folder `probe/` of a built site. */
  readonly ASSETS: { fetch(request: Request): Promise<Response> };
}

startRuntime();
const answers = new WeakMap<Env['ASSETS'], AskText>();

/** Static files know one spelling of an address, with `@` as `%40`. */
const addressOf = (path: string): string =>
  `https://assets.invalid${path.replace(/^\/probe/, '').replaceAll('@', '%40')}`;

function askerOf({ ASSETS }: Env): AskText {
  const kept = answers.get(ASSETS);
  if (kept) return kept;
  const ask = createTextProbe(async (path) => {
    const found = await ASSETS.fetch(new Request(addressOf(path)));
    if (found.ok) return new Uint8Array(await found.arrayBuffer());
    await found.body?.cancel();
    return null;
  });
  answers.set(ASSETS, ask);
  return ask;
}

/** Reached by the service binding of the API's Worker alone, which has checked the request; it has no address of its own. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return Response.json(await askerOf(env)(unpackRequest(await request.text())));
  },
};
