import { openForward } from '../forward.ts';
import { feedsFor } from '../groups.ts';
import { openSession } from '../session.ts';
import { zSite } from '../site.ts';
import type { Tensor } from '../tensor.ts';
import type { Decoder } from '../types.ts';
import { type BenchCase, type BenchOptions, metricOf, row, tokens, upTo } from './case.ts';
import { type BenchRow, timePair } from './time.ts';

/** The file as it is, opened by the runtime alone: a forward pass of it, a loop as well, and what closes it. */
async function untouched(test: BenchCase, decoder: Decoder, options: BenchOptions) {
  const forward = await openForward(test.path, options);
  const session = await openSession(test.path, options);
  const feeds = feedsFor(session, forward.inputs(tokens(decoder, test, 1)));
  const logits = forward.anatomy.places.get('logits')!.value;
  let last: Record<string, Tensor> = {};
  const run = async () => {
    last = await session.run(feeds, [logits], last);
  };
  return { run, close: () => session.close() };
}

/** Forward passes and attributions of one target, each ratio of measurements that took turns. */
export async function* speedRows(
  name: (what: string) => string,
  decoder: Decoder,
  test: BenchCase,
  options: BenchOptions,
): AsyncGenerator<BenchRow> {
  const [clean, corrupt] = [tokens(decoder, test, 1), tokens(decoder, test, 2)];
  const all = upTo(decoder.anatomy.layers).flatMap((l) => [`blocks.${l}.hook_resid_post`, zSite(l)]);
  const one = metricOf(decoder, test, 1);
  /** A loop over batches: each run writes over what the one before gave. */
  const loop = (sites: readonly string[]) => {
    let last: Awaited<ReturnType<Decoder['run']>> = {};
    return async () => {
      last = await decoder.run(clean, { taps: sites, into: last });
    };
  };
  const file = await untouched(test, decoder, options);
  try {
    const against = (job: () => Promise<unknown>, base: () => Promise<unknown>) => timePair(job, base, options.pairs);
    const cut = () => decoder.run(clean, { taps: [one.at] });
    const single = () => decoder.attribute(clean, corrupt, one, { sides: 'clean' });
    const forward = await against(loop(['logits']), file.run);
    yield row(name('forward of the untouched graph'), forward.base);
    yield row(name('forward'), forward.job, forward);
    const taps = await against(loop(['logits', ...all]), file.run);
    yield row(name('forward with taps'), taps.job, taps, 1.05);
    const streams = await against(loop(all), file.run);
    yield row(name('taps alone, no unembedding'), streams.job, streams);
    const attribution = await against(single, cut);
    yield row(name('attribution against a cut forward'), attribution.job, attribution, 3.3);
    const whole = await against(single, file.run);
    yield row(name('attribution against a whole forward'), whole.job, whole, test.wholeLimit);
  } finally {
    await file.close();
  }
}
