import { openForward } from '../forward.ts';
import { feedsFor } from '../groups.ts';
import { openSession } from '../session.ts';
import { zSite } from '../site.ts';
import type { Decoder } from '../types.ts';
import { type BenchCase, type BenchOptions, metricOf, row, tokens, upTo } from './case.ts';
import { type BenchRow, timeTogether } from './time.ts';

/** The file as it is, opened by the runtime alone: a forward pass of it, and what closes it. */
async function untouched(test: BenchCase, decoder: Decoder, options: BenchOptions) {
  const forward = await openForward(test.path, options);
  const session = await openSession(test.path, options);
  const feeds = feedsFor(session, forward.inputs(tokens(decoder, test, 1)));
  const logits = forward.anatomy.places.get('logits')!.value;
  return { run: () => session.run(feeds, [logits]), close: () => session.close() };
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
    const t = await timeTogether(
      {
        file: file.run,
        forward: loop(['logits']),
        taps: loop(['logits', ...all]),
        streams: loop(all),
        cut: () => decoder.run(clean, { taps: [one.at] }),
        single: () => decoder.attribute(clean, corrupt, one, { sides: 'clean' }),
      },
      options.rounds ?? 5,
    );
    yield row(name('forward of the untouched graph'), t.file);
    yield row(name('forward'), t.forward, t.forward.ms / t.file.ms);
    yield row(name('forward with taps'), t.taps, t.taps.ms / t.file.ms, 1.05);
    yield row(name('taps alone, no unembedding'), t.streams, t.streams.ms / t.file.ms);
    yield row(name('attribution against a cut forward'), t.single, t.single.ms / t.cut.ms, 3.3);
    yield row(name('attribution against a whole forward'), t.single, t.single.ms / t.file.ms, test.wholeLimit);
  } finally {
    await file.close();
  }
}
