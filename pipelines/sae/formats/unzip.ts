import { unzipSync } from 'fflate';

/** Deflate cannot expand further than this. */
const RATIO = 1032;

/** Members of a zip archive. Throws on bytes that do not fit, and on members that claim a size which their data cannot have. */
export function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  return unzipSync(bytes, {
    filter({ name, size, originalSize }) {
      if (originalSize > RATIO * size + 1024 || size > bytes.length)
        throw new RangeError(`${name} claims ${originalSize} bytes`);
      return true;
    },
  });
}
