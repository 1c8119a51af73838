import { zSite } from '../site.ts';
import type { Decoder, HeadRef } from '../types.ts';
import { type BenchCase, type BenchOptions, metricOf, row, tokens, upTo } from './case.ts';
import { type BenchRow, medianRatio, timePair, timing } from './time.ts';

const ms = async (job: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await job();
  return performance.now() - start;
};
const median = (times: readonly number[]) => timing(times).ms;

/** Single passes beside one pass of many targets. */
const SINGLES = 4;

/**
 * The backward pass of many targets against as many of one: what an attribution takes beyond its two forward passes, each round with
 * single ones before and behind.
 */
export async function* targetRows(
  name: (what: string) => string,
  decoder: Decoder,
  test: BenchCase,
  options: BenchOptions,
): AsyncGenerator<BenchRow> {
  const [clean, corrupt] = [tokens(decoder, test, 1), tokens(decoder, test, 2)];
  const z = upTo(test.layer + 1).map(zSite);
  const [one, many] = [metricOf(decoder, test, 1), metricOf(decoder, test, test.targets)];
  const forward = () => decoder.run(clean, { taps: [one.at, ...z] });
  const single = () => decoder.attribute(clean, corrupt, one, { sides: 'clean' });
  const batched = () => decoder.attribute(clean, corrupt, many, { sides: 'clean' });
  const few = async () => {
    const [forwards, singles]: [number[], number[]] = [[], []];
    for (let i = 0; i < SINGLES; i += 1) {
      forwards.push(await ms(forward));
      singles.push(await ms(single));
    }
    return { forwards, singles };
  };
  const rounds = options.pairs?.least ?? 7;
  for (const warm of [forward, single, batched, forward, single]) await warm();
  const times: number[] = [];
  const ratios: number[] = [];
  let before = await few();
  for (let round = 0; round < rounds; round += 1) {
    const time = await ms(batched);
    const after = await few();
    const forwards = 2 * median([...before.forwards, ...after.forwards]);
    const backward = median([...before.singles, ...after.singles]) - forwards;
    times.push(time);
    ratios.push((time - forwards) / (test.targets * backward));
    before = after;
  }
  const what = `backward of ${test.targets} targets against as many single ones`;
  yield row(name(what), timing(times), medianRatio(ratios), 0.7);
}

/** Exact patches of some heads against as many forward passes. */
export async function* patchRows(
  name: (what: string) => string,
  decoder: Decoder,
  test: BenchCase,
  heads: readonly HeadRef[],
  options: BenchOptions,
): AsyncGenerator<BenchRow> {
  const [clean, corrupt] = [tokens(decoder, test, 1), tokens(decoder, test, 2)];
  const one = metricOf(decoder, test, 1);
  const replacement = await decoder.run(corrupt, { taps: upTo(test.layer + 1).map(zSite) });
  const { job, ratio } = await timePair(
    () => decoder.patchHeads(clean, one, heads, replacement),
    () => decoder.run(clean, { taps: ['logits'] }),
    { ...options.pairs, most: options.pairs?.least ?? 7 },
  );
  const perHead = {
    ratio: ratio.ratio / heads.length,
    interval: ratio.interval.map((x) => x / heads.length) as [number, number],
    n: ratio.n,
  };
  yield row(name(`exact patches of ${heads.length} heads against as many forwards`), job, perHead, 0.5);
}
