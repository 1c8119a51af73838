import { z } from 'zod';
import {
  adaptedMask,
  rotationThreshold,
  sensitivityGrid,
  sharedMask,
  strictMask,
  suspectMask,
} from '#pipelines/diff/adapted.ts';
import { cosineName, STAGE_PAIRS } from '#pipelines/diff/cosines.ts';
import { modalityDominance } from '#pipelines/diff/dominance.ts';
import { encodeRows } from '#pipelines/diff/encode.ts';
import { columnCosines, normRatios, procrustesCosines, rowCosines } from '#pipelines/diff/geometry.ts';
import { energy, visionPreference } from '#pipelines/diff/preference.ts';
import { LatentScaling } from '#pipelines/diff/scaling.ts';
import { multiplicities } from '#pipelines/diff/statistics/index.ts';
import { SUM_CLASS } from '#pipelines/diff/sums.ts';
import type { Answer, Check } from './case.ts';
import { countSamples, gather, Inputs, keptRows, SaeSpec, saeOf, sumsOf } from './world.ts';

const Spec = z.object({
  inputs: z.string(),
  stages: z.array(z.enum(['S', 'D', 'M', 'F', 'F2', 'C'])),
  sae: SaeSpec,
  eps: z.number(),
  percentile: z.number(),
  suspect_below: z.number(),
  confidence: z.number(),
  grid: z.object({ eps: z.array(z.number()), percentiles: z.array(z.number()) }),
});
type Spec = z.infer<typeof Spec>;

/** Everything of one layer that does not look at other layers, `[n]` each. */
function layerAnswers(inputs: Inputs, spec: Spec, layer: number): Record<string, ArrayLike<number>> {
  const base = saeOf(inputs, 'S', spec.sae, layer);
  const tuned = saeOf(inputs, 'F', spec.sae, layer);
  const { n, d } = tuned;
  const decoder = (stage: string) => inputs.floats(`${stage}.W_dec`, layer);
  const answers: Record<string, ArrayLike<number>> = {};
  for (const [a, b] of STAGE_PAIRS)
    if (spec.stages.includes(a) && spec.stages.includes(b))
      answers[cosineName(a, b)] = rowCosines(decoder(a), decoder(b), d);
  answers['encoder.S.F'] = columnCosines(base.wEnc, tuned.wEnc, n);
  answers['norm_ratio.S.F'] = normRatios(base.wDec, tuned.wDec, d);
  answers['procrustes.S.F'] = procrustesCosines(base.wDec, tuned.wDec, d);

  const vision = keptRows(
    inputs.numbers('vision.sample'),
    inputs.numbers('vision.mask'),
    inputs.numbers('vision.class'),
  );
  const text = keptRows(inputs.numbers('text.sample'), inputs.numbers('text.mask'));
  const visionX = gather(inputs.floats('vision.x', layer), d, vision);
  const baseX = gather(inputs.floats('vision.base', layer), d, vision);
  const visionF = encodeRows(tuned, visionX);
  const textF = encodeRows(tuned, gather(inputs.floats('text.x', layer), d, text));

  const stream = (name: 'vision' | 'text') => {
    const kept = name === 'vision' ? vision : text;
    const rounds = inputs.shape(`boot.${name}`)[0]!;
    const index = inputs.numbers(`boot.${name}`);
    const samples = countSamples(kept.sample, index);
    const sums = sumsOf(name === 'vision' ? visionF : textF, kept, n, samples);
    return { sums, multiplicity: multiplicities(index, rounds, samples), rounds };
  };
  const [v, t] = [stream('vision'), stream('text')];
  answers['energy.vision'] = energy(v.sums);
  answers['energy.text'] = energy(t.sums);
  answers['energy.image_tokens'] = energy(v.sums, SUM_CLASS.image);
  answers['energy.text_tokens'] = energy(v.sums, SUM_CLASS.text);
  const preference = visionPreference(v, t, v.rounds, spec.confidence);
  answers['preference'] = preference.value;
  answers['preference.low'] = preference.low;
  answers['preference.high'] = preference.high;
  const dominance = modalityDominance(v.sums);
  answers['dominance'] = dominance.score;
  answers['dominance.class'] = dominance.class;

  const scaling = new LatentScaling(tuned, base);
  const scaled = (x: Float32Array, scale: number) => Float64Array.from(x, (v) => v * scale);
  scaling.add(
    { u: scaled(visionX, tuned.scale), features: visionF },
    { u: scaled(baseX, base.scale), features: encodeRows(base, baseX) },
  );
  for (const [target, values] of Object.entries(scaling.finish())) answers[`beta.${target}`] = values;
  return answers;
}

/** Golden kind `diff`: stage diff of all layers, in double precision. */
export const check: Check = async (golden) => {
  const spec = Spec.parse(golden.spec);
  const inputs = new Inputs(await golden.load(spec.inputs));
  const [layers, n] = inputs.shape('S.W_dec') as [number, number];
  const perLayer = Array.from({ length: layers }, (_, l) => layerAnswers(inputs, spec, l));
  const flat = (name: string) => Float64Array.from(perLayer.flatMap((answers) => Array.from(answers[name] ?? [])));
  const answers = new Map<string, Answer>();
  const add = (name: string, data: ArrayLike<number>, shape = [layers, n]) => answers.set(name, { shape, data });
  for (const name of Object.keys(perLayer[0]!)) add(name, flat(name));

  const cosines = flat('cos.S.F');
  const vision = flat('energy.vision');
  const threshold = rotationThreshold(cosines, spec.percentile);
  const adapted = adaptedMask(vision, cosines, spec.eps, threshold);
  add('rotation_threshold', [threshold], [1]);
  add('adapted', adapted);
  add('adapted.strict', strictMask(adapted, flat('preference.low')));
  if (answers.has('cos.D.F') && answers.has('cos.M.F'))
    add('suspect', suspectMask(flat('cos.D.F'), flat('cos.M.F'), spec.suspect_below));
  if (answers.has('cos.S.F2')) add('rotated.shared', sharedMask(cosines, flat('cos.S.F2'), spec.percentile));
  if (answers.has('cos.S.C'))
    add(
      'control_difference',
      flat('cos.S.C').map((c, i) => c - cosines[i]!),
    );
  const grid = sensitivityGrid(vision, cosines, spec.grid, adapted);
  const shape = [spec.grid.eps.length, spec.grid.percentiles.length];
  add('grid.count', grid.count.flat(), shape);
  add('grid.jaccard', grid.jaccard.flat(), shape);
  return { answers };
};
