import { moduleOf, op } from './assemble.ts';

/** Parameters and locals of the kernel, by number. */
const [row, end, width, x, out, at, stop, sum] = [0, 1, 2, 3, 4, 5, 6, 7];
const STEP = 16;

/**
 * The kernel `run(row, end, width, x, out)`: for every row of `width` int8 numbers from `row` to `end`, its dot product with the
 * `width` int16 numbers at `x`, an int32, at `out`. `width` is a multiple of 16 above 0. All are byte addresses in `env.memory`.
 */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  const half = (extend: readonly number[], offset: number) => [
    op.get(row),
    op.load(0),
    extend,
    op.get(at),
    op.load(offset),
    op.dot,
    op.addLanes,
  ];
  const lanes = [0, 1, 2, 3].flatMap((lane) => [op.get(sum), op.lane(lane), ...(lane > 0 ? [op.add] : [])]);
  const step = (local: number, by: number) => [op.get(local), op.constant(by), op.add, op.set(local)];
  return moduleOf(5, 2, 1, [
    op.loop(
      [op.zero, op.set(sum), op.get(x), op.set(at), op.get(row), op.get(width), op.add, op.set(stop)].flat(),
      op.loop(
        [op.get(sum), ...half(op.lowBytes, 0), ...half(op.highBytes, STEP), op.set(sum)].flat(),
        [...step(at, 2 * STEP), ...step(row, STEP)].flat(),
        [op.get(row), op.get(stop), op.less].flat(),
      ),
      [op.get(out), ...lanes, op.store, ...step(out, 4)].flat(),
      [op.get(row), op.get(end), op.less].flat(),
    ),
  ]);
}
