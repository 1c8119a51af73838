import { openForward } from '../forward.ts';
import { gradientGraph, metricSeed } from '../gradient-graph.ts';
import { feedsFor } from '../groups.ts';
import { metricFeeds, metricGroups } from '../metric.ts';
import { zSite } from '../site.ts';
import { addTwin, twinInput } from '../twin.ts';
import type { Decoder } from '../types.ts';
import { type BenchCase, type BenchOptions, metricOf, tokens, upTo } from './case.ts';

/**
 * The two forward passes of an attribution as its graph makes them: the clean one to the metric, the corrupt one to the last z, of which no more than
 * a sum leaves the graph.
 */
export async function forwardPart(decoder: Decoder, test: BenchCase, options: BenchOptions) {
  const forward = await openForward(test.path, options);
  const [metric, sites] = [metricOf(decoder, test, 1), upTo(test.layer + 1).map(zSite)];
  const {
    graph,
    tape,
    places,
    metric: value,
  } = gradientGraph(forward, {
    at: metric.at,
    wrt: sites,
    seed: metricSeed(forward, metric),
  });
  const z = sites.map((site) => places.get(site)!.value);
  const twins = addTwin(graph, tape, z, forward.shared);
  const sums = [...twins.values()].map((twin) => tape.op('ReduceSum', [twin], { keepdims: 0 }));
  graph.outputs = [];
  for (const name of [value!, ...sums]) graph.addOutput(name, 'float32');
  graph.prune();
  const session = await forward.open(graph);
  const corrupt = Object.entries(forward.inputs(tokens(decoder, test, 2)));
  const feeds = feedsFor(session, {
    ...forward.inputs(tokens(decoder, test, 1)),
    ...Object.fromEntries(corrupt.map(([name, tensor]) => [twinInput(name), tensor])),
    ...metricFeeds(metric),
    ...metricGroups(metric),
  });
  return {
    run: () => session.run(feeds),
    close: async () => {
      await session.close();
      await forward.close();
    },
  };
}
