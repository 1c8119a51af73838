import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import { calibrationOf, concentrationCurve, concentrationOf, edgesOf, randomConcentration } from './edges.ts';
import { RankFile } from './files.ts';
import { headShares } from './ranking.ts';
import { meanByHead, readTraces } from './read-trace.ts';
import { testHeads } from './significance.ts';

const Settings = z.strictObject({
  heads: z.int(),
  layers: z.int(),
  edges: z.int(),
  rounds: z.int(),
  confidence: z.number(),
  seed: z.int(),
});

/** Joins the traces of all layers (inputs `L0`, `L1`, ...). */
export const run: StageRun = async ({ settings, inputs, out }) => {
  const s = Settings.parse(settings);
  const traces = await readTraces(Object.values(inputs));
  const spatial = traces.filter((t) => t.kind === 'spatial');
  const random = traces.filter((t) => t.kind === 'random');
  const width = s.layers * s.heads;
  const control = randomConcentration(random);
  const file: RankFile = {
    features: traces.map((t) => {
      const concentration = concentrationOf(meanByHead(t));
      return {
        layer: t.layer,
        feature: t.feature,
        kind: t.kind,
        edges: edgesOf(t, s.heads, s, s.edges),
        concentration: concentration && { ...concentration, random: control },
      };
    }),
    spatial: headShares(spatial, width, s),
    random: headShares(random, width, s),
    tests: testHeads(traces, width, s),
    estimator: traces[0]?.queries ? 'atp*' : 'atp',
    calibration: calibrationOf(traces),
    curves:
      spatial.length === 0
        ? null
        : {
            spatial: concentrationCurve(spatial, width),
            random: concentrationCurve(random, width),
            n_spatial: spatial.length,
            n_random: random.length,
          },
  };
  await writeFile(join(out, 'rank.json'), JSON.stringify(RankFile.parse(file)));
};
