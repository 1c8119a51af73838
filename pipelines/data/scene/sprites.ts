import { createRequire } from 'node:module';
import sharp from 'sharp';
import { type Sprite, type Sprites, spriteKey } from './render.ts';
import { SIDES, THINGS } from './world.ts';

interface IconSet {
  readonly width: number;
  readonly height: number;
  readonly icons: Readonly<Record<string, { readonly body: string }>>;
}

async function rasterise(icons: IconSet, name: string, side: number): Promise<Sprite> {
  const viewBox = `0 0 ${icons.width} ${icons.height}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="${viewBox}">${icons.icons[name]!.body}</svg>`;
  const data = await sharp(Buffer.from(svg)).ensureAlpha().raw().toBuffer();
  return { side, data: new Uint8Array(data) };
}

async function rasteriseAll(): Promise<Sprites> {
  const icons = createRequire(import.meta.url)('@iconify-json/noto/icons.json') as IconSet;
  const sprites = new Map<string, Sprite>();
  for (const [thing, icon] of Object.entries(THINGS))
    for (const side of Object.values(SIDES)) sprites.set(spriteKey(thing, side), await rasterise(icons, icon, side));
  return sprites;
}

let loaded: Promise<Sprites> | undefined;

/** Every thing in both sizes, from the SVGs of Noto Emoji, rasterised once a process. The Node edge of the scenes. */
export function loadSprites(): Promise<Sprites> {
  loaded ??= rasteriseAll();
  return loaded;
}
