import { type Code, moduleOf, op } from './assemble.ts';

/** Rows that are read side by side, so that they share every read of the vector. */
export const ROWS = 4;
/** Numbers of a row that lie together. */
export const STEP = 16;

/** Parameters and locals of the kernel, by number: five parameters, two more integers, then vectors. */
const [row, end, width, x, out, at, stop] = [0, 1, 2, 3, 4, 5, 6];
const [low, high] = [7, 8];
const sums = [9, 10, 11, 12];

const move = (local: number, by: Code): Code[] => [op.get(local), by, op.add, op.set(local)];
/** Adds the dot product of eight numbers of a row with half a step of the vector. */
const product = (offset: number, half: number): Code[] => [
  op.get(row),
  op.widen(offset),
  op.get(half),
  op.dot,
  op.addLanes,
];
const total = (sum: number): Code[] =>
  [0, 1, 2, 3].flatMap((lane) => [op.get(sum), op.lane(lane), ...(lane > 0 ? [op.add] : [])]);

/**
 * The kernel `run(row, end, width, x, out)`: for every row of `width` int8 numbers between `row` and `end`, its dot product with the
 * `width` int16 numbers at `x`, an int32, at `out`. The rows lie in groups of `ROWS`: `STEP` numbers of the first, as many of the
 * second, ..., then the next of the first, so that memory is read strictly in order. `width` is a multiple of `STEP` above 0.
 * All are byte addresses in `env.memory`.
 */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  const halves = [low, high].flatMap((half, i) => [op.get(at), op.load(STEP * i), op.set(half)]);
  const products = sums.flatMap((sum, r) => [
    op.get(sum),
    ...product(STEP * r, low),
    ...product(STEP * r + STEP / 2, high),
    op.set(sum),
  ]);
  const steps = [...move(at, op.constant(2 * STEP)), ...move(row, op.constant(ROWS * STEP))];
  return moduleOf(5, 2, 6, [
    op.loop(
      [op.get(x), op.set(at), op.get(x), op.get(width), op.get(width), op.add, op.add, op.set(stop)].flat(),
      sums.flatMap((sum) => [op.zero, op.set(sum)]).flat(),
      op.loop([...halves, ...products, ...steps, op.get(at), op.get(stop), op.less].flat()),
      sums.flatMap((sum, r) => [op.get(out), ...total(sum), op.store(4 * r)]).flat(),
      move(out, op.constant(4 * ROWS)).flat(),
      [op.get(row), op.get(end), op.less].flat(),
    ),
  ]);
}
