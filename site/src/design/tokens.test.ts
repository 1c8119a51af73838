import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast, hex, oklchToRgb } from './oklch.ts';
import { type Scheme, standalone, tokenColours } from './tokens.ts';

const css = readFileSync(new URL('../styles/tokens.css', import.meta.url), 'utf8');

describe('oklch', () => {
  it('knows white, black and sRGB red', () => {
    expect(hex(oklchToRgb(1, 0, 0))).toBe('#ffffff');
    expect(hex(oklchToRgb(0, 0, 0))).toBe('#000000');
    expect(hex(oklchToRgb(0.6279554, 0.2576833, 29.2338851))).toBe('#ff0000');
    expect(contrast([1, 1, 1], [0, 0, 0])).toBeCloseTo(21, 6);
  });
});

/** Least contrast by use: text 4.5, lines and marks 3 (WCAG 2.2, 1.4.3 and 1.4.11). */
const TEXT = ['--ink', '--ink-soft', '--ink-faint', '--vision', '--language'];
const MARKS = ['--control', '--fires', '--lowers'];

describe.each(['light', 'dark'] as const)('tokens in %s', (scheme: Scheme) => {
  const colours = tokenColours(scheme, css);
  const of = (name: string) => colours.get(name) as [number, number, number];
  it.each(TEXT)('%s is read on paper and on raised ground', (name) => {
    expect(contrast(of(name), of('--paper'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of(name), of('--raised'))).toBeGreaterThanOrEqual(4.5);
  });
  it.each(MARKS)('%s is seen on paper', (name) => {
    expect(contrast(of(name), of('--paper'))).toBeGreaterThanOrEqual(3);
  });
  it('words stay readable on the strongest step of activation', () => {
    const ground = of('--fires').map((c, i) => 0.34 * c + 0.66 * (of('--paper')[i] as number));
    expect(contrast(of('--ink'), ground)).toBeGreaterThanOrEqual(4.5);
  });
});

describe('standalone', () => {
  it('leaves no variable in a downloaded figure', () => {
    expect(standalone('<text fill="var(--ink)" font-family="var(--sans)"/>', css)).toMatch(
      /^<text fill="#[0-9a-f]{6}" font-family="sans-serif"\/>$/,
    );
  });
});
