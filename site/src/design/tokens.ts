import css from '../styles/tokens.css?raw';
import { hex, oklchToRgb } from './oklch.ts';

export type Scheme = 'light' | 'dark';
type Rgb = [number, number, number];

const COLOUR = /oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)/g;

/** Colours of the token file by name, for what cannot read a style sheet: downloaded figures, and the contrast test. */
export function tokenColours(scheme: Scheme, text = css): ReadonlyMap<string, Rgb> {
  const colours = new Map<string, Rgb>();
  for (const [, name, value] of text.matchAll(/(--[a-z-]+): ([^;]*oklch[^;]*);/g)) {
    const found = [...(value as string).matchAll(COLOUR)].map(([, l, c, h]) =>
      oklchToRgb(Number(l) / 100, Number(c), Number(h)),
    );
    const chosen = found[scheme === 'dark' ? found.length - 1 : 0];
    if (chosen) colours.set(name as string, chosen);
  }
  return colours;
}

/** A drawing with its variables replaced by the colours of the light scheme, so that it stands alone. */
export function standalone(svg: string, text = css): string {
  const colours = tokenColours('light', text);
  return svg.replace(/var\((--[a-z-]+)\)/g, (whole, name: string) => {
    const rgb = colours.get(name);
    return rgb ? hex(rgb) : name === '--sans' ? 'sans-serif' : whole;
  });
}
