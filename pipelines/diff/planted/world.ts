import { type Random, random } from '#pipelines/data/random.ts';
import type { Sample } from '#pipelines/data/sample.ts';
import type { Sae, StageName } from '#pipelines/sae/types.ts';
import { commonRotation, dictionaryOf, direction, turned } from './dictionary.ts';
import { type Rates, ROLES, type Role } from './roles.ts';

/** Shape of a planted world. Defaults in `WORLD`. */
export interface WorldOptions {
  readonly seed: number;
  readonly layers: number;
  readonly d: number;
  readonly n: number;
  readonly pictures: number;
  readonly imageTokens: number;
  readonly textTokens: number;
  /** `none`: nothing is planted, F is S with the noise of adaptation; `all`: every role of `ROLES`. */
  readonly planted: 'all' | 'none';
}

export const WORLD: WorldOptions = {
  seed: 0,
  layers: 2,
  d: 128,
  n: 320,
  pictures: 140,
  imageTokens: 3,
  textTokens: 14,
  planted: 'all',
};

/** Token rows of a stream, sample by sample; classes as in `SUM_CLASS`. */
export interface PlantedStream {
  readonly x: Float32Array;
  readonly sample: Uint32Array;
  readonly classes: Uint8Array;
  readonly samples: number;
}

export const PLANTED_STREAMS = ['spatial', 'mirror', 'matched', 'generic', 'word', 'text'] as const;
export type PlantedStreamName = (typeof PLANTED_STREAMS)[number];

export interface PlantedLayer {
  readonly dictionaries: ReadonlyMap<StageName, Sae>;
  /** The tuned model's streams. */
  readonly streams: Readonly<Record<PlantedStreamName, PlantedStream>>;
}

/** What an analysis may see. */
export interface PlantedWorld {
  readonly layers: readonly PlantedLayer[];
  /** Truth of the pictures (not of the features): which relation holds under the spatial question, and in its mirror. */
  readonly spatial: readonly Sample[];
  readonly mirror: readonly Sample[];
}

/** The answer, `[layers * n]` each; only a judge looks at it. */
export type PlantedTruth = Readonly<Record<'rotated' | 'vision' | 'spatial' | 'decoys', Uint8Array>>;

/** Cosine of a dictionary row after adaptation without any cause, size of an activation, and where JumpReLU cuts. */
const ADAPTATION = { low: 0.95, high: 0.99 };
const AMPLITUDE = { mean: 6, deviation: 0.6 };
const THRESHOLD = 4;
const NOISE = 0.1;
const COMMON_ANGLE = 0.25;
/** Text tokens of a sample on which a firing feature is active. */
const ACTIVE_TOKENS = 2;

/** Makes a world and its answer. The same options give the same bytes. */
export function plantWorld(options: Partial<WorldOptions> = {}): { world: PlantedWorld; truth: PlantedTruth } {
  const o: WorldOptions = { ...WORLD, ...options };
  const draw = random(o.seed, 'planted', 'pictures');
  const left = Array.from({ length: o.pictures }, () => draw.chance(0.5));
  const roles = Array.from({ length: o.layers }, (_, layer) => rolesOf(o, random(o.seed, 'planted', 'roles', layer)));
  return {
    world: {
      layers: roles.map((role, layer) => plantLayer(o, role, left, layer)),
      spatial: left.map((isLeft, i) => questionOf(i, isLeft)),
      mirror: left.map((isLeft, i) => questionOf(i, !isLeft)),
    },
    truth: Object.fromEntries(
      (['rotated', 'vision', 'spatial', 'decoys'] as const).map((set) => [
        set,
        Uint8Array.from(roles.flat(), (role) => (role.truth.includes(set) ? 1 : 0)),
      ]),
    ) as PlantedTruth,
  };
}

/** The role of every feature, in random order. */
function rolesOf(o: WorldOptions, draw: Random): Role[] {
  const noise = ROLES['noise']!;
  const planted = o.planted === 'none' ? [] : Object.values(ROLES).flatMap((r) => Array<Role>(r.count).fill(r));
  return draw.shuffle([...planted, ...Array<Role>(o.n - planted.length).fill(noise)]);
}

function questionOf(i: number, isLeft: boolean): Sample {
  const thing = (name: string, x: number) => ({ name, size: 'small' as const, px: 20, x, y: 56 });
  const objects = [thing('cat', isLeft ? 30 : 80), thing('dog', isLeft ? 80 : 30)];
  return {
    id: `planted/${i}`,
    image: { width: 112, height: 112, data: new Uint8Array(0) },
    prompt: 'Is the cat left of the dog?',
    truth: {
      scene: { objects, background: 'plain' },
      family: 'spatial',
      kind: 'relation',
      relation: 'left of',
      holds: isLeft,
      subject: 'cat',
      object: 'dog',
    },
  };
}

function plantLayer(o: WorldOptions, roles: readonly Role[], left: readonly boolean[], layer: number): PlantedLayer {
  const named = (purpose: string) => random(o.seed, 'planted', layer, purpose);
  const base = named('base');
  const rows = roles.map(() => direction(base, o.d));
  const bias = Float64Array.from({ length: o.d }, () => base.normal() * 0.5);
  const common = commonRotation(base, o.d, o.planted === 'none' ? 0 : COMMON_ANGLE);
  const cause = named('cause');
  const tuned = rows.map((row, i) => {
    const { turn } = roles[i]!;
    return common(turn === undefined ? row : turned(cause, row, turn));
  });
  /** One adaptation: noise of its own on rows, and the turns of this seed alone. */
  const adapted = (from: readonly Float64Array[], purpose: string): Sae => {
    const noise = named(purpose);
    const learnt = from.map((row, i) => {
      const { seedTurn } = roles[i]!;
      const cosine = ADAPTATION.low + (ADAPTATION.high - ADAPTATION.low) * noise.float();
      const own = seedTurn === undefined || from === rows ? row : turned(noise, row, seedTurn);
      return turned(noise, own, cosine);
    });
    return dictionaryOf(learnt, THRESHOLD, bias);
  };
  const streams = PLANTED_STREAMS.map((name) => [name, plantStream(o, roles, tuned, bias, left, name, named(name))]);
  return {
    dictionaries: new Map<StageName, Sae>([
      ['S', dictionaryOf(rows, THRESHOLD, bias)],
      ['D', adapted(rows, 'D')],
      ['M', adapted(tuned, 'M')],
      ['F', adapted(tuned, 'F')],
      ['F2', adapted(tuned, 'F2')],
      ['C', adapted(rows, 'C')],
    ]),
    streams: Object.fromEntries(streams) as PlantedLayer['streams'],
  };
}

/** Chance of a feature on a sample: spatial features know the relation of the picture they see. */
function chanceOf(rates: Rates, name: PlantedStreamName, has: boolean): number {
  const family = name === 'mirror' ? 'spatial' : name;
  return family === 'spatial' && !has ? (rates.spatialOther ?? rates.spatial) : rates[family];
}

function plantStream(
  o: WorldOptions,
  roles: readonly Role[],
  rows: readonly Float64Array[],
  bias: Float64Array,
  left: readonly boolean[],
  name: PlantedStreamName,
  draw: Random,
): PlantedStream {
  const images = name === 'word' || name === 'text' ? 0 : o.imageTokens;
  const tokens = images + o.textTokens;
  const x = Float32Array.from({ length: o.pictures * tokens * o.d }, (_, k) => bias[k % o.d]! + NOISE * draw.normal());
  const add = (token: number, row: Float64Array) => {
    const f = AMPLITUDE.mean + AMPLITUDE.deviation * draw.normal();
    for (let j = 0; j < o.d; j += 1) x[token * o.d + j]! += f * row[j]!;
  };
  for (let s = 0; s < o.pictures; s += 1) {
    const isLeft = name === 'mirror' ? !left[s] : left[s]!;
    for (const [i, role] of roles.entries()) {
      const has = !role.relation || isLeft === (i % 2 === 0);
      if (draw.chance(chanceOf(role.rates, name, has)))
        for (let k = 0; k < ACTIVE_TOKENS; k += 1) add(s * tokens + images + draw.int(0, o.textTokens - 1), rows[i]!);
      for (let k = 0; k < images; k += 1) if (draw.chance(role.rates.image)) add(s * tokens + k, rows[i]!);
    }
  }
  const length = o.pictures * tokens;
  return {
    x,
    sample: Uint32Array.from({ length }, (_, t) => Math.floor(t / tokens)),
    classes: Uint8Array.from({ length }, (_, t) => (t % tokens < images ? 0 : 1)),
    samples: o.pictures,
  };
}
