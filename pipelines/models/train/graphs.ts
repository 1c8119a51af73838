import { decoder, type Extent, unembed } from './decoder.ts';
import { projector } from './encoder.ts';
import {
  contrib,
  embed,
  FIRST_PATCH,
  type FrozenEncoder,
  reading,
  statesOfPixels,
  withFrozen,
  withPicture,
} from './inputs.ts';
import { type Kit, kit } from './kit.ts';
import { crossEntropy, guidance } from './losses.ts';
import { type DecoderShape, type ParameterTable, patchesOf } from './shapes.ts';
import { declare, type Group, optimiserStep, type StepGraph, type StepOptions, scalars } from './step.ts';

/** Heads guided to look at named things: the first `heads` of layer `layer`. */
export const GUIDED = { layer: 1, heads: 2 } as const;

/**
 * Heads guided on text: a question's names look at what the text says of them, then the answer at the question's first and last name.
 * The two of the answer read by keys of their own.
 */
export const TEXT_GUIDES = {
  size: { layer: GUIDED.layer - 1, heads: [0, 1] },
  said: { layer: GUIDED.layer, heads: [0, GUIDED.heads] },
  named: { layer: GUIDED.layer, heads: [GUIDED.heads, 2 * GUIDED.heads] },
  first: { layer: GUIDED.layer + 1, heads: [0, 1] },
  last: { layer: GUIDED.layer + 1, heads: [2, 3] },
} as const;

const asked = (k: Kit) => ({
  target: k.g.input('target', 'int64', ['n']),
  weight: k.g.input('weight', 'float32', ['n']),
});

const merged = (groups: readonly Group[]): ParameterTable => Object.assign({}, ...groups.map(({ table }) => table));

/**
 * One step of a language model on text. Outputs `loss`, `accuracy`, `norm` beside the new state; where heads are guided, `look`
 * `[rows, length, length]` says at which words of the text a word that names a thing looks, `guide` scales that loss, and `looks` is given.
 */
export function textStep(s: DecoderShape, e: Extent, group: Group, options: StepOptions, guided = false): StepGraph {
  const g = contrib();
  const k = kit(g);
  const p = declare(g, group.table);
  const { ids, positions, mask, at } = reading(k, e);
  const { target, weight } = asked(k);
  const { stream, patterns } = decoder(k, s, e, p, { embeds: embed(k, p, e, ids), positions, mask });
  const scored = crossEntropy(k, unembed(k, s, p, stream, at), target, weight);
  scalars(g, { ...scored });
  let whole = scored.loss;
  if (guided) {
    const weight = g.input('guide', 'float32', []);
    for (const [name, { layer, heads }] of Object.entries(TEXT_GUIDES)) {
      const look = g.input(`look.${name}`, 'float32', [e.rows, e.length, e.length]);
      const { loss, looks } = guidance(k, patterns[layer]!, look, heads, [0, e.length], true);
      whole = k.add(whole, k.mul(loss, weight));
      scalars(g, { [`looks.${name}`]: looks });
    }
  }
  optimiserStep(g, whole, [group], options);
  return { bytes: g.toBytes(), table: group.table };
}

/**
 * One step of the vision-language model: pixels through the frozen encoder and the projector, then the decoder. Input `guide` scales
 * the loss of the guided heads. Outputs `loss` (answers alone), `accuracy`, `looks`, `norm`.
 */
export function pictureStep(
  s: DecoderShape,
  frozen: FrozenEncoder,
  e: Extent,
  groups: readonly Group[],
  options: StepOptions,
): StepGraph {
  const g = contrib();
  const k = kit(g);
  const table = merged(groups);
  const p = withFrozen(g, table, frozen);
  const patches = patchesOf(frozen.shape);
  const { ids, positions, mask, at } = reading(k, e);
  const { target, weight } = asked(k);
  const states = statesOfPixels(k, frozen.shape, e.rows, p);
  const embeds = withPicture(k, s, e, embed(k, p, e, ids), projector(k, p, states), patches);
  const { stream, patterns } = decoder(k, s, e, p, { embeds, positions, mask });
  const scored = crossEntropy(k, unembed(k, s, p, stream, at), target, weight);
  const look = g.input('look', 'float32', [e.rows, e.length, patches]);
  const guided = guidance(k, patterns[GUIDED.layer]!, look, [0, GUIDED.heads], [FIRST_PATCH, FIRST_PATCH + patches]);
  scalars(g, { ...scored, looks: guided.looks });
  const whole = k.add(scored.loss, k.mul(guided.loss, g.input('guide', 'float32', [])));
  optimiserStep(g, whole, groups, options);
  return { bytes: g.toBytes(), table };
}
