import { describe, expect, test, vi } from 'vitest';
import { medianRatio, timePair } from './time.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('medianRatio', () => {
  /** Ranks from sums of whole binomial coefficients: two-sided, at least 95 %. */
  test.each([
    [6, 1],
    [8, 1],
    [9, 2],
    [12, 3],
    [20, 6],
    [25, 8],
    [50, 18],
    [100, 40],
  ])('of %i values the interval begins at the value of rank %i', (n, rank) => {
    const { ratio, interval } = medianRatio(upTo(n).toReversed());
    expect(ratio).toBe((n + 1) / 2);
    expect(interval).toEqual([rank, n + 1 - rank]);
  });

  test('of few values it is the whole range', () => {
    expect(medianRatio([3, 1, 2])).toEqual({ ratio: 2, interval: [1, 3], n: 3 });
  });
});

describe('timePair', () => {
  test('takes turns, and what slows both does not move the ratio', async () => {
    const order: string[] = [];
    let now = 0;
    /** Takes so many milliseconds of a machine that gets slower by a thousandth with each. */
    const job = (name: string, ms: number) => async () => {
      order.push(name);
      now += ms * (1 + now / 1000);
    };
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const { ratio, job: slow, base } = await timePair(job('job', 2), job('base', 1), { least: 9, most: 9 });
    clock.mockRestore();
    expect(order.slice(-5)).toEqual(['base', 'job', 'base', 'job', 'base']);
    expect([ratio.n, slow.n, base.n]).toEqual([9, 9, 10]);
    expect(ratio.ratio).toBeCloseTo(2, 2);
    for (const end of ratio.interval) expect(end).toBeCloseTo(2, 2);
  });
});
