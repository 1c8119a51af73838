import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createStore } from '#pipelines/activations/index.ts';
import { dataset, type Slice } from '#pipelines/data/index.ts';
import { TOKEN_CLASS } from '#pipelines/models/types.ts';
import { openWords } from '#pipelines/models/words.ts';
import { f32Tensor, writeSafetensors } from '#release/safetensors.ts';

/** The model whose tokenizer the planted streams use. */
export const PLANTED_MODEL = fileURLToPath(new URL('../../../fixtures/demo/tuned/', import.meta.url));
const PATCHES = 49;
/** Dimensions of the planted features: the word " left", the patch of a cat's centre; the third never fires. */
const [LEFT, CAT] = [0, 1];

/** A store, layer 2, width 3, of a slice of a scene set in which two features are planted. */
export async function writeStream(folder: string, name: string, slice: Slice): Promise<void> {
  const words = await openWords(PLANTED_MODEL, { lists: true });
  const left = words.tokenize(' left')[0];
  const writer = await createStore(folder, { dModel: 3, layers: [2], dtype: 'float32' });
  for await (const sample of dataset(name, slice)) {
    const text = words.tokenize(`\nUSER: ${sample.prompt}\nASSISTANT:`);
    const rows = new Float32Array((PATCHES + text.length) * 3);
    const cat = sample.truth!.scene!.objects.find((thing) => thing.name === 'cat');
    if (cat) rows[3 * (7 * Math.floor(cat.y / 16) + Math.floor(cat.x / 16)) + CAT] = 2 + cat.x / 100;
    text.forEach((id, i) => {
      if (id === left) rows[3 * (PATCHES + i) + LEFT] = 1 + i / 10;
    });
    const all = [...new Array<number>(PATCHES).fill(3), ...text];
    const isText = (i: number) => i >= PATCHES;
    await writer.append(
      sample.id,
      {
        position: all.map((_, i) => i + 1),
        class: all.map((_, i) => (isText(i) ? TOKEN_CLASS.text : TOKEN_CLASS.image)),
        id: all,
        afterImage: all.map((_, i) => Number(isText(i))),
      },
      new Map([[2, rows]]),
    );
  }
  await writer.close();
}

/** The dictionary whose features are the three dimensions. */
export async function writeSae(folder: string): Promise<void> {
  const eye = f32Tensor(Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), [3, 3]);
  const zero = f32Tensor(new Float32Array(3), [3]);
  const weights = new Map([
    ['W_enc', eye],
    ['W_dec', eye],
    ['b_enc', zero],
    ['b_dec', zero],
  ]);
  await writeFile(join(folder, 'cfg.json'), JSON.stringify({ d_in: 3, d_sae: 3, architecture: 'standard' }));
  await writeFile(join(folder, 'sae_weights.safetensors'), writeSafetensors(weights));
}
