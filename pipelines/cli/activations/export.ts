import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { openStore } from '../../activations/index.ts';
import { ParallaxError } from '../../config/errors.ts';

/** Rows read and written at once. */
const ROWS = 8192;

const TABLE = {
  sample: 'I32',
  position: 'I32',
  class: 'U8',
  id: 'I32',
  after_image: 'U8',
} as const;

/** The header of a safetensors file whose tensors follow each other in the order given. */
function header(tensors: readonly { name: string; dtype: string; shape: number[]; bytes: number }[]): Buffer {
  let at = 0;
  const entries = tensors.map(({ name, dtype, shape, bytes }) => {
    const from = at;
    at += bytes;
    return [name, { dtype, shape, data_offsets: [from, at] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / 8) * 8;
  const out = Buffer.alloc(8 + padded, 0x20);
  out.writeBigUInt64LE(BigInt(padded));
  json.copy(out, 8);
  return out;
}

const bytesOf = (data: Int32Array | Uint8Array | Float32Array) =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

/**
 * Writes the residual streams of harvest folders as one safetensors file, whatever their size: `resid_post.<layer> [tokens, d]`
 * in float32, and by token `sample`, `position`, `class` (0 image, 1 text), `id`, `after_image`.
 * @returns the tokens written
 */
export async function exportActivations(
  folders: readonly string[],
  layers: readonly number[] | null,
  file: string,
): Promise<number> {
  const { meta, table, rows } = await openStore(folders);
  const chosen = layers ?? meta.layers;
  const missing = chosen.find((layer) => !meta.layers.includes(layer));
  if (missing !== undefined)
    throw new ParallaxError(`layer ${missing} was not harvested`, `choose from ${meta.layers.join(', ')}`, {
      misuse: true,
    });
  const { tokens, dModel } = meta;
  const columns: Record<keyof typeof TABLE, Int32Array | Uint8Array> = {
    sample: Int32Array.from(table.sample),
    position: Int32Array.from(table.position),
    class: table.class,
    id: table.id,
    after_image: table.afterImage,
  };
  const names = Object.keys(TABLE) as (keyof typeof TABLE)[];
  const out = createWriteStream(`${file}.partial`);
  const failed = new Promise<never>((_, reject) => out.on('error', reject));
  failed.catch(() => {});
  const write = (bytes: Uint8Array) =>
    Promise.race([failed, new Promise<void>((done) => out.write(bytes, () => done()))]);
  await write(
    header([
      ...names.map((name) => ({ name, dtype: TABLE[name], shape: [tokens], bytes: columns[name].byteLength })),
      ...chosen.map((layer) => ({
        name: `resid_post.${layer}`,
        dtype: 'F32',
        shape: [tokens, dModel],
        bytes: 4 * tokens * dModel,
      })),
    ]),
  );
  for (const name of names) await write(bytesOf(columns[name]));
  for (const layer of chosen)
    for (let from = 0; from < tokens; from += ROWS)
      await write(bytesOf(await rows(layer, from, Math.min(tokens, from + ROWS))));
  await Promise.race([failed, new Promise<void>((done) => out.end(() => done()))]);
  await rename(`${file}.partial`, file);
  return tokens;
}
