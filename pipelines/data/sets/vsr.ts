import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Sample } from '../sample.ts';
import { oppositeOf } from '../scene/words.ts';
import { parseRows, readImage, readText } from './files.ts';
import type { DatasetRule } from './rule.ts';

/** A row of Visual Spatial Reasoning (Liu et al. 2023); other fields are left alone. */
const VsrRow = z.looseObject({
  image: z.string(),
  caption: z.string(),
  label: z.union([z.literal(0), z.literal(1)]),
  relation: z.string(),
});
type VsrRow = z.infer<typeof VsrRow>;

/** "The dog is left of the cat." about `left of` -> the two nouns; undefined where the caption has another form. */
function things(row: VsrRow): { subject: string; object: string } | undefined {
  const at = row.caption.indexOf(row.relation);
  if (at < 0) return undefined;
  const noun = (text: string) =>
    text
      .replace(/\b(the|is|are|a|an)\b/gi, ' ')
      .replace(/[.\s]+/g, ' ')
      .trim();
  return { subject: noun(row.caption.slice(0, at)), object: noun(row.caption.slice(at + row.relation.length)) };
}

function sampleOf(row: VsrRow, index: number, path: string): Omit<Sample, 'image'> {
  const answer = row.label === 1 ? 'yes' : 'no';
  return {
    id: `${basename(path)}/${index}`,
    prompt: `Is this correct? ${row.caption}`,
    answer,
    truth: {
      family: 'spatial',
      kind: 'relation',
      relation: row.relation,
      holds: row.label === 1,
      ...things(row),
      opposite: oppositeOf(answer)!,
    },
  };
}

/** Statements about photographs. Pictures are read from the folder `images` beside the file; without it, words alone. */
export const vsr: DatasetRule = {
  pictures: true,
  needsPath: true,
  files: (path) => ({ rows: path }),
  async open(path) {
    const rows = parseRows(await readText(path), VsrRow, path);
    const folder = join(dirname(path), 'images');
    const pictures = existsSync(folder);
    return async (_seed, index) => {
      const row = rows[index];
      if (!row) return undefined;
      const sample = sampleOf(row, index, path);
      return pictures ? { ...sample, image: await readImage(join(folder, row.image)) } : sample;
    };
  },
};
