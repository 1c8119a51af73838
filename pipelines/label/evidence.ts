import type { RelationEffect } from '#release/schema/feature.ts';
import type { Feature } from '#release/schema/index.ts';

/** All that is known of a feature before it is named. */
export type Evidence = Omit<Feature, 'label' | 'sentence'>;

/** The truth that the feature tells best, among those whose interval lies above chance; undefined where there is none. */
export function bestRelation({ spatial }: Evidence): RelationEffect | undefined {
  const sure = (spatial?.relations ?? []).filter(({ auroc }) => auroc.low !== null && auroc.low > 0.5);
  return sure.sort((a, b) => b.auroc.value - a.auroc.value || (a.relation < b.relation ? -1 : 1))[0];
}

/** How each aspect of the truth is said. */
const ASPECTS: Record<RelationEffect['aspect'], (name: string) => string> = {
  relation: (name) => `the one thing is ${name} the other`,
  side: (name) => `the thing asked about stands on the ${name} side`,
  subject: (name) => `the thing asked about is the ${name}`,
  reference: (name) => `the thing compared with is the ${name}`,
};
export const sayRelationEffect = ({ aspect, relation }: RelationEffect): string => ASPECTS[aspect](relation);

/** A token as it is printed: without the space in front, control characters by name. */
export function sayToken(token: string): string {
  const plain = token.trim();
  if (plain !== '') return `“${plain}”`;
  return token.includes('\n') ? 'line break' : 'space';
}

export const percent = (x: number): string => `${Math.round(100 * x)} %`;
