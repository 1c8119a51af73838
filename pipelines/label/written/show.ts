import { altOf } from '../alt.ts';
import type { HitTokens } from '../facts.ts';
import { patchShows } from '../facts.ts';

/** Which tokens of a sample are marked: those where the feature is active, or others in a test. */
export interface Marks {
  readonly image: ReadonlySet<number>;
  readonly text: ReadonlySet<number>;
}

/** Shares of the sample's peak from which a token counts as active. */
const ACTIVE = 0.3;

/** The tokens where a hit is active. */
export function activeMarks({ image, text }: HitTokens): Marks {
  const peak = Math.max(0, ...image.values(), ...text.values());
  const active = (map: ReadonlyMap<number, number>) =>
    new Set([...map].filter(([, value]) => peak > 0 && value >= ACTIVE * peak).map(([index]) => index));
  return { image: active(image), text: active(text) };
}

/** A sample in words: its picture described, marked patches by what they show and where, marked tokens in «». */
export function showHit({ sample, grid, tokens }: HitTokens, marks: Marks | null): string {
  const scene = sample.truth?.scene;
  const lines: string[] = [];
  if (grid && scene && sample.image) {
    lines.push(`Picture: ${altOf(scene)}`);
    const width = sample.image.width;
    const places = [...(marks?.image ?? [])]
      .sort((a, b) => a - b)
      .map((patch) => {
        const [row, column] = [Math.floor(patch / grid.columns) + 1, (patch % grid.columns) + 1];
        return `«row ${row} column ${column}: ${patchShows(scene, width, grid, patch)}»`;
      });
    if (places.length > 0)
      lines.push(`Marked patches (of ${grid.rows} rows, ${grid.columns} columns): ${places.join(', ')}`);
  }
  lines.push(
    `Text: ${tokens
      .map((token, i) => (marks?.text.has(i) ? mark(token) : token))
      .join('')
      .trim()}`,
  );
  return lines.join('\n');
}

/** The space in front stays outside of the mark. */
function mark(token: string): string {
  const space = /^\s*/.exec(token)![0];
  return `${space}«${token.slice(space.length)}»`;
}
