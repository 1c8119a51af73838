import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { draws } from './draws.ts';
import { RELATIONS, THINGS } from './words.ts';

/** A picture of two shapes, and what it shows. */
export interface Picture {
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly subject: string;
  readonly reference: string;
  readonly relation: (typeof RELATIONS)[number];
}

const SIZE = 112;
const PLACES = {
  'left of': [28, 56, 84, 56],
  'right of': [84, 56, 28, 56],
  above: [56, 28, 56, 84],
  below: [56, 84, 56, 28],
} as const;

/** `count` pictures drawn from a seed. */
export async function pictures(seed: number, count: number): Promise<Picture[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const draw = draws(seed, 1, i);
      const relation = RELATIONS[i % RELATIONS.length]!;
      const [ax, ay, bx, by] = PLACES[relation];
      const hues = [draw.int(0, 359), draw.int(0, 359)];
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE}" height="${SIZE}"><rect width="100%" height="100%" fill="#f4f1ea"/><circle cx="${ax}" cy="${ay}" r="18" fill="hsl(${hues[0]} 60% 45%)"/><rect x="${bx - 16}" y="${by - 16}" width="32" height="32" fill="hsl(${hues[1]} 60% 45%)"/></svg>`;
      const bytes = new Uint8Array(await sharp(Buffer.from(svg)).webp({ lossless: true }).toBuffer());
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const [subject, reference] = [draw.pick(THINGS), draw.pick(THINGS)];
      return { sha256, bytes, subject, reference, relation };
    }),
  );
}
