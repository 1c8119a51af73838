import type { TrainConfig } from '../config.ts';
import type { StepEngine, StepInput } from '../engine.ts';
import type { TrainState } from '../state.ts';
import { setShift } from './adam.ts';
import { type Figures, sumLeft } from './board.ts';
import { chooseAbove, chooseBatchTopK, chooseTopK } from './choose.ts';
import { updateByEntries, weigh } from './entries.ts';
import { entryLimit, fill, isDense, MEMBERS, NEVER, ownOf, readBack } from './memory.ts';
import { openProducts } from './products.ts';
import { openTeam, type Team } from './team.ts';
import { setLimits, splitEntries } from './thresholds.ts';
import { startBiases, updateBiases } from './update.ts';
import { openWork, subtractDecoded, type Work } from './work.ts';

/** Chooses among the dead features for the auxiliary loss; gives what its reconstruction leaves of the error, squared. */
function chooseAux(work: Work, dead: Uint8Array, tokens: number): number {
  const { arena, config, count } = work;
  const { auxBias } = arena.f32;
  const bEnc = arena.f32['params.bEnc'];
  let candidates = 0;
  for (let i = 0; i < count; i += 1) {
    auxBias[i] = dead[i] ? bEnc[i]! : NEVER;
    candidates += Number(Boolean(dead[i]));
  }
  chooseTopK(work, 'aux', tokens, Math.min(config.loss.aux!.k, candidates));
  return subtractDecoded(work, 'aux', tokens);
}

/** The smallest activation, by which BatchTopK's threshold moves; infinite where none is positive. */
function leastOf({ arena }: Work, tokens: number): number {
  const values = arena.f32['main.rowValue'];
  const entries = arena.u32['main.rowOffsets'][tokens]!;
  let least = Number.POSITIVE_INFINITY;
  for (let e = 0; e < entries; e += 1) if (values[e]! > 0 && values[e]! < least) least = values[e]!;
  return least;
}

/** What a dense choice leaves behind: how often each feature fired, the entries that did, and the error's squares. */
function gatherDense({ arena, kernels, width, count }: Work, members: number, tokens: number) {
  const { at, f32 } = arena;
  f32.fired.fill(0);
  for (let member = 0; member < members; member += 1) {
    const { firedHere } = ownOf(arena, member).f32;
    for (let i = 0; i < count; i += 1) f32.fired[i]! += firedHere[i]!;
  }
  let squares = 0;
  for (let row = at.error; row < at.error + 4 * tokens * width; row += 4 * width)
    squares += kernels.combine(width, 0, at.tokenIndex, at.tokenWeight, row, row, row, 1);
  return { squares, entries: f32.fired.reduce((a, b) => a + b, 0) };
}

/** L1 term of a dense step, from the sums of its activations by feature. */
function penaltyOf({ arena, config }: Work): number {
  const { shift, mass } = arena.f32;
  let penalty = 0;
  for (let i = 0; i < config.n; i += 1) penalty += shift[i]! * mass[i]!;
  return penalty;
}

/**
 * Trains on the CPU. Only the encoder's product is dense: decoder, gradient and choice cost in proportion to the entries that fire.
 * Where ReLU or JumpReLU fire on too many for that, the step is five dense products. Products run in ONNX Runtime, the rest in SIMD
 * kernels on the same memory. How many threads share the dense part does not change the result.
 */
export async function cpuEngine(
  config: TrainConfig,
  start: TrainState,
  options: { threads?: number } = {},
): Promise<StepEngine> {
  const { d, n, k, activation, loss } = config;
  const members = Math.min(options.threads ?? 1, MEMBERS);
  const products = await openProducts();
  let capacity = 1;
  let work = openWork(config, capacity);
  let team: Team | undefined;
  fill(work.arena, config, start);
  let guess = 0;
  /** Whether the last step was dense: this one then decodes at once, which spares time and, where it was in vain, changes nothing. */
  let dense = false;

  /** A team on a memory for `tokens`: a larger batch than any before takes a new one. */
  async function teamFor(tokens: number): Promise<Team> {
    if (team && tokens <= capacity) return team;
    await team?.close();
    capacity = Math.max(capacity, tokens);
    work = openWork(config, capacity, work);
    team = await openTeam(work, products, capacity, members);
    return team;
  }

  /** Chooses entries and reconstructs; gives the squares of the error, the entries that fire, and whether the lists hold them. */
  async function forward({ run, board }: Pick<Team, 'run' | 'board'>, figures: Figures) {
    const { arena, count } = work;
    const { tokens } = figures;
    await run(dense ? 'encodeAndDecode' : 'encode', figures);
    if (isDense(config)) {
      const decoded = dense;
      dense = sumLeft(board) > entryLimit(tokens, count);
      if (dense) {
        if (!decoded) await run('decode', figures);
        return { ...gatherDense(work, members, tokens), listed: false };
      }
      chooseAbove(work, tokens);
      const entries = splitEntries(work, tokens);
      return { squares: subtractDecoded(work, 'main', tokens), entries, listed: true };
    }
    if (activation === 'topk') chooseTopK(work, 'main', tokens, k!);
    else guess = chooseBatchTopK(work, tokens, Math.min(tokens * n, Math.floor(k! * tokens)), guess);
    const offsets = arena.u32['main.colOffsets'];
    for (let i = 0; i < count; i += 1) arena.f32.fired[i] = offsets[i + 1]! - offsets[i]!;
    return { squares: subtractDecoded(work, 'main', tokens), entries: offsets[count]!, listed: true };
  }

  return {
    async step(x, { lr, t, spread, dead }: StepInput) {
      const tokens = x.length / d;
      const { run, board } = await teamFor(tokens);
      const { arena } = work;
      const figures = { tokens, slope: -2 / spread, lr, t, aux: Number(Boolean(loss.aux && dead)) };
      arena.f32.x.set(x);
      setLimits(work);
      const { squares, entries, listed } = await forward({ run, board }, figures);
      const fvu = squares / spread;
      const l0 = entries / tokens;
      const least = listed ? leastOf(work, tokens) : Number.POSITIVE_INFINITY;
      const fired = new Uint8Array(n);
      for (let i = 0; i < n; i += 1) fired[i] = Number(arena.f32.fired[i]! > 0);
      const aux = dead ? chooseAux(work, dead, tokens) / spread : 0;

      setShift(work, tokens);
      if (figures.aux) weigh(work, 'aux', figures.slope * loss.aux!.coefficient);
      startBiases(work, figures);
      if (!listed) await run('update', figures);
      const penalty = listed ? updateByEntries(work, figures) : penaltyOf(work);
      updateBiases(work, figures, l0);
      const miss = loss.l0 ? loss.l0.coefficient * (l0 / loss.l0.target - 1) ** 2 : 0;
      const auxTerm = loss.aux ? loss.aux.coefficient * aux : 0;
      return { loss: fvu + penalty + auxTerm + miss, fvu, l0, aux, fired, least };
    },
    read: () => readBack(work.arena, config),
    async close() {
      await team?.close();
      await products.close();
    },
  };
}
