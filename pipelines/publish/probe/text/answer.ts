import type { LiveFile, LiveIndex } from '#release/probe/live.ts';
import { type AskText, TextRefused, type TextReply } from '#release/probe/text.ts';
import { openTextProbe, type TextProbe } from './open.ts';

/**
 * Bytes of a model's graphs together. A Worker may use 128 MB; the demo's 8.7 MB take 65 of them (heap 16, the file 7 to 13, the
 * runtime's memory 35), of which some 40 do not depend on the model.
 */
export const MAX_MODEL = 16 * 2 ** 20;

/** A file below `/probe/` of a built site, by its absolute path; null where there is none. */
export type ReadFile = (path: string) => Promise<Uint8Array | null>;

async function indexOf(read: ReadFile, release: string): Promise<LiveIndex> {
  const bytes = await read(`/probe/${release}/index.json`);
  if (!bytes) throw new TextRefused('none', 'the site was built without the model of this release');
  const index = JSON.parse(new TextDecoder().decode(bytes)) as LiveIndex;
  const { vision, embed, decoder } = index.model;
  const size = vision.bytes + embed.bytes + decoder.bytes;
  if (size > MAX_MODEL)
    throw new TextRefused(
      'none',
      `the model of this release has ${size} bytes, ${MAX_MODEL} is the most that runs here`,
    );
  return index;
}

/**
 * Answers texts by the models that a site's build put below `/probe/`. One model is open at a time, and one request at work:
 * another one is refused at once, never kept waiting.
 */
export function createTextProbe(read: ReadFile): AskText {
  let open: { release: string; probe: TextProbe } | undefined;
  let busy = false;

  const get = async ({ path }: LiveFile): Promise<Uint8Array> => {
    const bytes = await read(path);
    if (!bytes) throw new TextRefused('none', `the site lacks ${path}`);
    return bytes;
  };

  async function probeOf(release: string): Promise<TextProbe> {
    if (open?.release === release) return open.probe;
    const index = await indexOf(read, release);
    const before = open;
    open = undefined;
    await before?.probe.close();
    open = { release, probe: await openTextProbe(index, get) };
    return open.probe;
  }

  return async ({ release, ...request }): Promise<TextReply> => {
    if (busy) return { refused: 'busy', detail: 'another text is being read' };
    busy = true;
    try {
      return await (await probeOf(release)).ask(request);
    } catch (error) {
      if (!(error instanceof TextRefused)) throw error;
      const { why, message, allowed } = error;
      return { refused: why, detail: message, ...(allowed ? { allowed } : {}) };
    } finally {
      busy = false;
    }
  };
}
