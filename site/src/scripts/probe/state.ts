import type { LiveHead, LiveScene, LiveThing, SceneKit } from '#release/probe/live.ts';

/** A question about two things, or free words. */
export type Asked = { readonly subject: string; readonly phrase: string; readonly object: string } | string;

/** All that the page shows; the address holds it whole. */
export interface State {
  readonly scene: LiveScene;
  readonly asked: Asked;
  readonly layer: number;
  readonly off: readonly LiveHead[];
  readonly how: 'zero' | 'mean';
  /** Feature whose places are drawn; the strongest where null. */
  readonly feature: number | null;
  readonly rank: Rank;
}
export const RANKS = ['picture', 'words', 'anywhere', 'spatial'] as const;
export type Rank = (typeof RANKS)[number];

/** Things of a scene at most: the model has seen no more. */
export const MOST_THINGS = 3;

export const START: Omit<State, 'layer'> = {
  scene: {
    background: 'blue',
    objects: [
      { name: 'cat', size: 'big', px: 38, x: 32, y: 62 },
      { name: 'dog', size: 'big', px: 38, x: 82, y: 50 },
    ],
  },
  asked: { subject: 'cat', phrase: 'left of', object: 'dog' },
  off: [],
  how: 'mean',
  feature: null,
  rank: 'picture',
};

/** State as the query of an address: `ground=blue&things=cat.big.32.62~dog.big.82.50&ask=cat.left of.dog&layer=2`. */
export function writeState(state: State): string {
  const query = new URLSearchParams({
    ground: state.scene.background,
    things: state.scene.objects.map(({ name, size, x, y }) => [name, size, x, y].join('.')).join('~'),
    ...(typeof state.asked === 'string'
      ? { words: state.asked }
      : { ask: [state.asked.subject, state.asked.phrase, state.asked.object].join('.') }),
    layer: String(state.layer),
    rank: state.rank,
  });
  if (state.off.length > 0) {
    query.set('off', state.off.map(({ layer, head }) => `${layer}.${head}`).join('~'));
    query.set('how', state.how);
  }
  if (state.feature !== null) query.set('feature', String(state.feature));
  return query.toString();
}

const whole = (text: string | null | undefined, below: number): number | null =>
  text && /^\d{1,7}$/.test(text) && Number(text) < below ? Number(text) : null;

function readThing(text: string, kit: SceneKit): LiveThing | null {
  const [name = '', size = '', x, y] = text.split('.');
  const [left, top] = [whole(x, kit.side), whole(y, kit.side)];
  if (!kit.things.includes(name) || !(size in kit.sides) || left === null || top === null) return null;
  return kit.held({ name, size: size as LiveThing['size'], px: 0, x: left, y: top });
}

function readThings(text: string | null, kit: SceneKit): LiveThing[] {
  const found = new Map<string, LiveThing>();
  for (const part of (text ?? '').split('~')) {
    const thing = readThing(part, kit);
    if (thing && found.size < MOST_THINGS) found.set(thing.name, thing);
  }
  return [...found.values()];
}

function readAsked(query: URLSearchParams, kit: SceneKit, things: readonly LiveThing[]): Asked | null {
  const words = query.get('words');
  if (words !== null) return words.slice(0, 200);
  const [subject = '', phrase = '', object = ''] = (query.get('ask') ?? '').split('.');
  const shown = (name: string) => things.some((thing) => thing.name === name);
  return shown(subject) && shown(object) && kit.phrases.includes(phrase) ? { subject, phrase, object } : null;
}

/** Reads an address; what does not fit is left at the start's value. Total: never throws. */
export function readState(
  text: string,
  kit: SceneKit,
  model: { readonly layers: readonly number[]; readonly heads: number },
): State {
  const query = new URLSearchParams(text);
  const layers = model.layers;
  const layer = whole(query.get('layer'), 1000);
  const things = readThings(query.get('things'), kit);
  const ground = query.get('ground') ?? '';
  const scene = {
    objects: things.length > 0 ? things : START.scene.objects,
    background: Object.hasOwn(kit.grounds, ground) ? ground : START.scene.background,
  };
  const off = (query.get('off') ?? '').split('~').flatMap((part) => {
    const [at, head] = part.split('.').map((number) => whole(number, 1000));
    return at != null && head != null && layers.includes(at) && head < model.heads ? [{ layer: at, head }] : [];
  });
  return {
    scene,
    asked: readAsked(query, kit, scene.objects) ?? START.asked,
    layer: layer !== null && layers.includes(layer) ? layer : layers[Math.min(2, layers.length - 1)]!,
    off,
    how: query.get('how') === 'zero' ? 'zero' : START.how,
    feature: whole(query.get('feature'), 10_000_000),
    rank: RANKS.find((rank) => rank === query.get('rank')) ?? START.rank,
  };
}
