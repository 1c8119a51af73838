import type { Relation, Sample, Truth } from '#pipelines/data/sample.ts';
import { RELATIONS } from '#pipelines/data/scene/relations.ts';
import type { RelationEffect } from '#release/schema/feature.ts';

/** A question about the truth of samples: 1 and 0 on the samples it divides, null on the others. */
export interface Contrast {
  readonly aspect: RelationEffect['aspect'];
  /** What a 1 means. */
  readonly name: string;
  /** What a 0 means, where that is a thing of its own: the contrast can then be read either way round. */
  readonly inverse?: string;
  readonly labels: readonly (0 | 1 | null)[];
}

const inverseOf = (relation: string): string | undefined =>
  Object.hasOwn(RELATIONS, relation) ? RELATIONS[relation as Relation].inverse : undefined;

/** The relation that truly holds between subject and object of a question; undefined where the truth does not say. */
export function trueRelation(truth: Truth | undefined): string | undefined {
  if (!truth?.relation || !truth.object) return undefined;
  return truth.holds === false ? (inverseOf(truth.relation) ?? `not ${truth.relation}`) : truth.relation;
}

/** A relation and its inverse as one axis, the same from either end. */
function axisOf(relation: string): readonly [string, string] {
  const plain = relation.startsWith('not ') ? relation.slice(4) : relation;
  const inverse = inverseOf(plain) ?? `not ${plain}`;
  const first = Object.keys(RELATIONS).find((name) => name === plain || name === inverse) ?? plain;
  return first === plain ? [plain, inverse] : [inverse, plain];
}

const distinct = (values: readonly (string | undefined)[]): string[] =>
  [...new Set(values.filter((v) => v !== undefined))].sort();

/** Relations that hold in the pictures, one contrast an axis: left of / right of, above / below, ... */
export function relationContrasts(truths: readonly (Truth | undefined)[]): Contrast[] {
  const held = truths.map(trueRelation);
  return distinct(held.map((relation) => relation && axisOf(relation)[0])).map((first) => {
    const [name, inverse] = axisOf(first);
    const labels = held.map((relation) => (relation === name ? 1 : relation === inverse ? 0 : null));
    return { aspect: 'relation', name, inverse, labels };
  });
}

/** On which side of the picture the subject stands. */
function sideContrasts(samples: readonly Sample[]): Contrast[] {
  const sides = [
    ['left', 'right', 'x', 'width'],
    ['top', 'bottom', 'y', 'height'],
  ] as const;
  return sides.map(([name, inverse, axis, extent]) => ({
    aspect: 'side',
    name,
    inverse,
    labels: samples.map(({ image, truth }) => {
      const thing = truth?.scene?.objects.find((object) => object.name === truth.subject);
      return thing && image ? (thing[axis] < image[extent] / 2 ? 1 : 0) : null;
    }),
  }));
}

/** Each thing as subject, or as reference object, against all other things in that place. */
function thingContrasts(samples: readonly Sample[], aspect: 'subject' | 'reference'): Contrast[] {
  const things = samples.map(({ truth }) => (aspect === 'subject' ? truth?.subject : truth?.object));
  return distinct(things).map((name) => ({
    aspect,
    name,
    labels: things.map((thing) => (thing === undefined ? null : thing === name ? 1 : 0)),
  }));
}

/** Everything that the truth of the samples lets a feature be asked about. */
export const contrastsOf = (samples: readonly Sample[]): Contrast[] => [
  ...relationContrasts(samples.map(({ truth }) => truth)),
  ...sideContrasts(samples),
  ...thingContrasts(samples, 'subject'),
  ...thingContrasts(samples, 'reference'),
];
