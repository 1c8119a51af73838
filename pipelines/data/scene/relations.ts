import type { Relation, Scene, SceneObject } from '../sample.ts';

interface Offset {
  /** Centre of the first thing minus centre of the second, pixels; y points down. */
  readonly dx: number;
  readonly dy: number;
  readonly distance: number;
}

interface RelationRule {
  readonly inverse: Relation;
  /** Ways to say it. */
  readonly phrasings: readonly string[];
  holds(at: Offset): boolean;
  /** Far enough from the edge between the relation and its inverse to be asked about. */
  clear(at: Offset): boolean;
}

/** Centres this far apart along an axis are clearly on one side. */
const SIDE_MARGIN = 14;
const NEAR_BELOW = 44;
const FAR_FROM = 56;

const beside = (at: Offset) => Math.abs(at.dx) >= SIDE_MARGIN;
const stacked = (at: Offset) => Math.abs(at.dy) >= SIDE_MARGIN;
const settled = (at: Offset) => at.distance < NEAR_BELOW || at.distance >= FAR_FROM;

export const RELATIONS: Record<Relation, RelationRule> = {
  'left of': {
    inverse: 'right of',
    phrasings: ['left of', 'to the left of'],
    holds: (at) => at.dx < 0,
    clear: beside,
  },
  'right of': {
    inverse: 'left of',
    phrasings: ['right of', 'to the right of'],
    holds: (at) => at.dx > 0,
    clear: beside,
  },
  above: { inverse: 'below', phrasings: ['above', 'over'], holds: (at) => at.dy < 0, clear: stacked },
  below: { inverse: 'above', phrasings: ['below', 'under'], holds: (at) => at.dy > 0, clear: stacked },
  near: {
    inverse: 'far from',
    phrasings: ['near', 'close to'],
    holds: (at) => at.distance < NEAR_BELOW,
    clear: settled,
  },
  'far from': { inverse: 'near', phrasings: ['far from'], holds: (at) => at.distance >= FAR_FROM, clear: settled },
};

/** The four relations of direction, without the two of distance. */
export const DIRECTIONS: readonly Relation[] = ['left of', 'right of', 'above', 'below'];
export const RELATION_NAMES = Object.keys(RELATIONS) as Relation[];

function offset(a: SceneObject, b: SceneObject): Offset {
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  return { dx, dy, distance: Math.sqrt(dx * dx + dy * dy) };
}

export const holds = (relation: Relation, a: SceneObject, b: SceneObject): boolean =>
  RELATIONS[relation].holds(offset(a, b));

export const isClear = (relation: Relation, a: SceneObject, b: SceneObject): boolean =>
  RELATIONS[relation].clear(offset(a, b));

/** A relation that clearly holds in a scene. */
export interface Fact {
  readonly subject: SceneObject;
  readonly relation: Relation;
  readonly object: SceneObject;
}

/** Every clear relation of a scene among `relations`, over ordered pairs of its things. */
export function factsOf(scene: Scene, relations: readonly Relation[] = RELATION_NAMES): Fact[] {
  const facts: Fact[] = [];
  for (const subject of scene.objects)
    for (const object of scene.objects)
      if (subject !== object)
        for (const relation of relations)
          if (isClear(relation, subject, object) && holds(relation, subject, object))
            facts.push({ subject, relation, object });
  return facts;
}
