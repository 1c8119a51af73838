/** The toy world of the demo pair: what there is, how large, on which ground. Lengths are pixels. */
export const IMAGE_SIZE = 112;

/** Thing -> its drawing in Noto Emoji. */
export const THINGS = {
  cat: 'cat-face',
  dog: 'dog-face',
  fish: 'tropical-fish',
  bird: 'bird',
  frog: 'frog',
  car: 'automobile',
  bus: 'bus',
  boat: 'sailboat',
  ball: 'soccer-ball',
  tree: 'deciduous-tree',
  flower: 'tulip',
  apple: 'red-apple',
  cake: 'birthday-cake',
  book: 'closed-book',
  star: 'star',
  house: 'house',
} as const;
export type Thing = keyof typeof THINGS;
export const THING_NAMES = Object.keys(THINGS) as Thing[];

/** Side of a drawing. Both are even: a mirrored drawing lands on whole pixels. */
export const SIDES = { small: 26, big: 38 } as const;

/** Colour of the ground, sRGB 0-255. */
export const GROUNDS = {
  red: [214, 69, 65],
  blue: [65, 105, 205],
  green: [80, 160, 90],
  yellow: [240, 215, 100],
  white: [245, 245, 245],
  black: [35, 35, 38],
  pink: [240, 170, 190],
  gray: [140, 140, 145],
} as const satisfies Record<string, readonly [number, number, number]>;
export type Ground = keyof typeof GROUNDS;
export const GROUND_NAMES = Object.keys(GROUNDS) as Ground[];
