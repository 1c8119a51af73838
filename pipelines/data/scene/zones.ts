import type { SceneObject } from '../sample.ts';
import { IMAGE_SIZE } from './world.ts';

const COLUMNS = ['left', 'middle', 'right'] as const;
const ROWS = ['top', 'middle', 'bottom'] as const;

const third = (at: number): 0 | 1 | 2 => Math.min(2, Math.floor((at * 3) / IMAGE_SIZE)) as 0 | 1 | 2;

/** Column and row (0-2) of the third of the picture that holds a thing's centre. */
export const zoneCell = (thing: SceneObject) => ({ column: third(thing.x), row: third(thing.y) });

/** The zone in words: "in the middle", "at the top", "on the left", "at the top left". */
export function zoneOf(thing: SceneObject): string {
  const cell = zoneCell(thing);
  const column = COLUMNS[cell.column];
  const row = ROWS[cell.row];
  if (column === 'middle') return row === 'middle' ? 'in the middle' : `at the ${row}`;
  return row === 'middle' ? `on the ${column}` : `at the ${row} ${column}`;
}
