import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { ParallaxError } from '../../config/errors.ts';
import type { Image, Sample } from '../sample.ts';
import { oppositeOf } from '../scene/words.ts';
import type { DatasetRule } from './rule.ts';
import { linesOf } from './text.ts';

/** A text file, or an error that names it. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ParallaxError(`data file ${path} cannot be read`, 'check the path after the colon of the data set', {
      cause,
    });
  }
}

/** Decodes a picture of any common format to RGB. The Node edge of users' own sets. */
export async function readImage(path: string): Promise<Image> {
  try {
    const { data, info } = await sharp(path)
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  } catch (cause) {
    throw new ParallaxError(`picture ${path} cannot be read`, 'check that the file exists and is a picture', { cause });
  }
}

/** One row a line, checked; errors name file, line and field. */
export function parseRows<T>(text: string, schema: z.ZodType<T>, path: string): T[] {
  return linesOf(text).map((line, i) => {
    const where = `${path} row ${i + 1}`;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch (cause) {
      throw new ParallaxError(`${where} is not JSON`, 'write one JSON object a line', { cause });
    }
    const row = schema.safeParse(json);
    if (row.success) return row.data;
    const issue = row.error.issues[0]!;
    throw new ParallaxError(`${where}, field "${issue.path.join('.')}": ${issue.message}`, 'correct the row');
  });
}

/** A line is a text. */
export const textFile: DatasetRule = {
  pictures: false,
  needsPath: true,
  files: (path) => ({ text: path }),
  async open(path) {
    const lines = linesOf(await readText(path));
    return (_seed, index) =>
      lines[index] === undefined ? undefined : { id: `${basename(path)}/${index}`, prompt: lines[index], plain: true };
  },
};

const Row = z.strictObject({
  id: z.string().optional(),
  /** What the user says; with `plain`, running text. */
  prompt: z.string(),
  answer: z.string().optional(),
  plain: z.boolean().optional(),
  /** Path of a picture, relative to the file. */
  image: z.string().optional(),
  /** The one other possible answer; known by itself for yes/no, left/right and the like. */
  opposite: z.string().optional(),
  family: z.enum(['spatial', 'nonspatial', 'generic', 'grounded', 'text']).optional(),
  relation: z.string().optional(),
  holds: z.boolean().optional(),
  subject: z.string().optional(),
  object: z.string().optional(),
});
type Row = z.infer<typeof Row>;

async function rowSample(row: Row, index: number, path: string): Promise<Sample> {
  const { id, prompt, answer, plain, image, family, ...about } = row;
  const opposite = about.opposite ?? (answer === undefined ? undefined : oppositeOf(answer));
  return definedOnly({
    id: id ?? `${basename(path)}/${index}`,
    prompt,
    answer,
    plain,
    image: image === undefined ? undefined : await readImage(join(dirname(path), image)),
    truth: family && definedOnly({ family, kind: family, ...about, opposite }),
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Drops keys whose value is undefined. */
const definedOnly = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;

/** Users' own pairs of pictures and questions: one JSON object a line, see `Row`. */
export const jsonLines: DatasetRule = {
  pictures: true,
  needsPath: true,
  files: (path) => ({ rows: path }),
  async open(path) {
    const rows = parseRows(await readText(path), Row, path);
    return async (_seed, index) => (rows[index] ? rowSample(rows[index], index, path) : undefined);
  },
};
