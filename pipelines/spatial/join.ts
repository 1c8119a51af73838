import { random } from '#pipelines/data/random.ts';
import type { Sample } from '#pipelines/data/sample.ts';
import type { NamedArray, Numbers } from '#pipelines/diff/arrays.ts';
import { jaccard, mean } from '#pipelines/diff/statistics/index.ts';
import { analyseSplit, type LayerFiring, type SpatialOptions, type SplitResult, stabilityOf } from './analyse.ts';
import { contrastsOf } from './contrasts.ts';
import type { SpatialFile } from './evidence.ts';
import { type Firing, type FiringRows, firingOf, scoresOf, tokenFiringOf } from './firing.ts';
import { minimalPair, pairContrasts } from './pairs.ts';
import { relationEffects } from './relations.ts';

export interface JoinInput {
  readonly layers: readonly (LayerFiring & { readonly mirror?: FiringRows | undefined })[];
  /** Samples of the spatial stream and of its mirror, in order. */
  readonly truth: { readonly spatial: readonly Sample[]; readonly mirror: readonly Sample[] | null } | null;
}

export interface JoinOptions extends SpatialOptions {
  readonly splits: number;
  readonly rounds: number;
  readonly confidence: number;
}

export interface JoinOutput {
  /**
   * `[layers, n]`: counts `select.a, select.c, heldout.a, heldout.c` (samples fired under spatial and matched prompts),
   * `heldout.generic, heldout.word`, `tokens.a, tokens.c` (the paper's, over all samples), `select.q, heldout.q`,
   * `spatial, decoy` (0/1), `stability` (share of splits).
   */
  readonly arrays: Record<string, NamedArray>;
  readonly file: SpatialFile;
}

/** Everything of spatial selection that looks across layers. The first split decides; the others tell how stable it is. */
export function joinSpatial(
  { layers, truth }: JoinInput,
  options: JoinOptions,
  progress: (done: number, total: number) => void = () => {},
): JoinOutput {
  const splits = Array.from({ length: options.splits }, (_, k) => analyseSplit(layers, options, k));
  const primary = splits[0]!;
  const n = layers[0]!.spatial.n;
  const heldout = (rows: FiringRows) => firingOf(rows, options.firesAbove, (s) => primary.half[s] === 1);
  const perLayer = (part: (l: LayerFiring) => Firing) => layers.map(part);
  const flat = (parts: readonly Firing[]): Int32Array => Int32Array.from(parts.flatMap(({ fired }) => [...fired]));
  const generic = perLayer((l) => heldout(l.generic));
  const word = layers.every((l) => l.word) ? perLayer((l) => heldout(l.word!)) : null;
  const tokensA = perLayer((l) => tokenFiringOf(l.spatial, () => true));
  const tokensC = perLayer((l) => tokenFiringOf(l.matched, () => true));
  const cells = (tables: SplitResult['select'], cell: 'a' | 'c') => Int32Array.from(tables, (t) => t[cell]);
  const arrays: Record<string, Numbers> = {
    'select.a': cells(primary.select, 'a'),
    'select.c': cells(primary.select, 'c'),
    'heldout.a': cells(primary.heldout, 'a'),
    'heldout.c': cells(primary.heldout, 'c'),
    'heldout.generic': flat(generic),
    ...(word ? { 'heldout.word': flat(word) } : {}),
    'tokens.a': flat(tokensA),
    'tokens.c': flat(tokensC),
    'select.q': primary.selectQ,
    'heldout.q': primary.heldoutQ,
    spatial: primary.spatial,
    decoy: primary.decoy,
    stability: stabilityOf(splits),
  };
  const [select, held] = [primary.select[0]!, primary.heldout[0]!];
  return {
    arrays: Object.fromEntries(
      Object.entries(arrays).map(([name, data]) => [name, { shape: [layers.length, n], data }]),
    ),
    file: {
      layers: layers.map((l) => l.layer),
      features: n,
      pictures: primary.half.length,
      threshold: options.firesAbove,
      confidence: options.confidence,
      rules: {
        oddsRatio: options.rules.oddsRatio,
        riskDifference: options.rules.riskDifference,
        q: options.rules.q,
      },
      samples: {
        select: { spatial: select.a + select.b, matched: select.c + select.d },
        heldout: {
          spatial: held.a + held.b,
          matched: held.c + held.d,
          generic: generic[0]!.samples,
          word: word ? word[0]!.samples : null,
        },
        tokens: { spatial: tokensA[0]!.samples, matched: tokensC[0]!.samples },
      },
      splits: agreement(splits),
      truth: truth ? truthOf({ layers, truth }, primary, options, progress) : {},
    },
  };
}

/** Sizes of the splits' spatial sets, and the mean Jaccard index over pairs of splits (null with one split). */
function agreement(splits: readonly SplitResult[]): SpatialFile['splits'] {
  const sets = splits.map(({ spatial }) => Array.from(spatial.keys()).filter((i) => spatial[i]));
  const pairs = sets.flatMap((a, i) => sets.slice(i + 1).map((b) => jaccard(a, b)));
  return { spatial: sets.map((set) => set.length), jaccard: pairs.length === 0 ? null : mean(pairs) };
}

/** AUROCs and minimal pairs of the chosen features, on the held-out half of the first split. */
function truthOf(
  { layers, truth }: JoinInput & { readonly truth: NonNullable<JoinInput['truth']> },
  { half, spatial, decoy }: SplitResult,
  options: JoinOptions,
  progress: (done: number, total: number) => void,
): SpatialFile['truth'] {
  const contrasts = contrastsOf(truth.spatial);
  const pairs =
    truth.mirror &&
    pairContrasts(
      truth.spatial.map((s) => s.truth),
      truth.mirror.map((s) => s.truth),
    );
  const n = layers[0]!.spatial.n;
  const total = Array.from(spatial.keys()).filter((i) => spatial[i] || decoy[i]).length;
  const out: SpatialFile['truth'] = {};
  let done = 0;
  for (const [row, layer] of layers.entries()) {
    const chosen = Array.from({ length: n }, (_, i) => i).filter((i) => spatial[row * n + i] || decoy[row * n + i]);
    const scores = scoresOf(layer.spatial, chosen);
    const mirrored = layer.mirror && scoresOf(layer.mirror, chosen);
    for (const i of chosen) {
      const id = `L${layer.layer}F${i}`;
      out[id] = {
        relations: relationEffects(contrasts, scores.get(i)!, half, options.confidence),
        minimal_pair:
          pairs && mirrored
            ? minimalPair(pairs, scores.get(i)!, mirrored.get(i)!, half, {
                rounds: options.rounds,
                confidence: options.confidence,
                random: random(options.seed, 'spatial/pairs', id),
              })
            : null,
      };
      done += 1;
      progress(done, total);
    }
  }
  return out;
}
