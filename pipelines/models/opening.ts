import { ParallaxError } from '#pipelines/config/errors.ts';

/** Opens a file of a model; a failure names the file in one line. */
export async function opening<T>(folder: string, file: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (cause instanceof ParallaxError) throw cause;
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    const name = file.startsWith(folder) ? file : `${folder}/${file}`;
    const next = (cause as { next?: unknown }).next;
    throw new ParallaxError(
      `model file ${name} does not open: ${why}`,
      typeof next === 'string' ? next : 'the file may be truncated: export or download it again',
      { cause },
    );
  }
}
