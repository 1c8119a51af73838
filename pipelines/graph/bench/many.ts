import { zSite } from '../site.ts';
import type { Decoder, HeadRef } from '../types.ts';
import { type BenchCase, type BenchOptions, metricOf, row, tokens, upTo } from './case.ts';
import { forwardPart } from './forward-part.ts';
import { type BenchRow, type Cost, costOf, medianRatio, type Ratio, timePair, timing } from './time.ts';

const median = (costs: readonly Cost[], of: keyof Cost) => timing(costs.map((cost) => cost[of])).ms;

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
  const [one, many] = [metricOf(decoder, test, 1), metricOf(decoder, test, test.targets)];
  const forward = await forwardPart(decoder, test, options);
  const single = () => decoder.attribute(clean, corrupt, one, { sides: 'clean' });
  const batched = () => decoder.attribute(clean, corrupt, many, { sides: 'clean' });
  const few = async () => {
    const [forwards, singles]: [Cost[], Cost[]] = [[], []];
    for (let i = 0; i < SINGLES; i += 1) {
      forwards.push(await costOf(forward.run));
      singles.push(await costOf(single));
    }
    return { forwards, singles };
  };
  const rounds = options.pairs?.least ?? 7;
  const [around, passes]: [Awaited<ReturnType<typeof few>>[], Cost[]] = [[], []];
  try {
    for (const warm of [forward.run, single, batched, forward.run, single]) await warm();
    around.push(await few());
    for (let round = 0; round < rounds; round += 1) {
      passes.push(await costOf(batched));
      around.push(await few());
    }
  } finally {
    await forward.close();
  }
  /** What a pass of many costs over what single ones do, less the part of both that is `free`. */
  const against = (of: keyof Cost, free: (forwards: number) => number) =>
    medianRatio(
      passes.map((pass, round) => {
        const [before, after] = [around[round]!, around[round + 1]!];
        const less = free(median([...before.forwards, ...after.forwards], of));
        const single = median([...before.singles, ...after.singles], of);
        return (pass[of] - less) / (test.targets * (single - less));
      }),
    );
  const compared = (free: (forwards: number) => number) => ({ ratio: against('ms', free), cpu: against('cpu', free) });
  const time = timing(passes.map((pass) => pass.ms));
  const [whole, backward] = [compared(() => 0), compared((forwards) => forwards)];
  yield row(name(`backward of ${test.targets} targets against as many single ones`), time, backward, 0.7);
  yield row(name(`attribution of ${test.targets} targets against as many single ones`), time, whole);
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
  const pair = await timePair(
    () => decoder.patchHeads(clean, one, heads, replacement),
    () => decoder.run(clean, { taps: ['logits'] }),
    { ...options.pairs, most: options.pairs?.least ?? 7 },
  );
  const perHead = ({ ratio, interval: [low, high], n }: Ratio): Ratio => ({
    ratio: ratio / heads.length,
    interval: [low / heads.length, high / heads.length],
    n,
  });
  const compared = { ratio: perHead(pair.ratio), cpu: perHead(pair.cpu) };
  yield row(name(`exact patches of ${heads.length} heads against as many forwards`), pair.job, compared, 0.5);
}
