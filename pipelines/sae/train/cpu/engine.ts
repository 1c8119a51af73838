import type { TrainConfig } from '../config.ts';
import type { StepEngine, StepInput } from '../engine.ts';
import type { TrainState } from '../state.ts';
import { chooseAbove, chooseBatchTopK, chooseTopK } from './choose.ts';
import { denseForward, denseGradients, encodeTokens } from './dense.ts';
import { entryGradients } from './entries.ts';
import { fill, isDense, NEVER, readBack } from './memory.ts';
import { openProducts } from './products.ts';
import { setLimits, splitEntries } from './thresholds.ts';
import { setShift, updateFeatures } from './update.ts';
import { openWork, readTokens, subtractDecoded, type Work } from './work.ts';

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

/**
 * Trains on the CPU. Only the encoder's product is dense: decoder, gradient and choice cost in proportion to the entries that fire.
 * Where ReLU or JumpReLU fire on too many for that, the step is five dense products. Products run in ONNX Runtime, the rest in SIMD
 * kernels on the same memory.
 */
export async function cpuEngine(
  config: TrainConfig,
  start: TrainState,
  options: { threads?: number } = {},
): Promise<StepEngine> {
  const { d, n, k, activation, loss } = config;
  const products = await openProducts(options);
  let capacity = 1;
  let work = openWork(config, capacity);
  fill(work.arena, config, start);
  let guess = 0;

  /** Chooses entries and reconstructs; gives the squares of the error, the entries that fire, and whether the lists hold them. */
  async function forward(tokens: number): Promise<{ squares: number; entries: number; listed: boolean }> {
    const { arena, count } = work;
    if (isDense(config)) {
      setLimits(work);
      if (!chooseAbove(work, tokens)) return { ...(await denseForward(work, products, tokens)), listed: false };
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
    async step(x, input: StepInput) {
      const tokens = x.length / d;
      if (tokens > capacity) {
        capacity = tokens;
        work = openWork(config, capacity, work);
      }
      const { arena } = work;
      readTokens(work, x);
      await encodeTokens(work, products, tokens);
      const { squares, entries, listed } = await forward(tokens);
      const fvu = squares / input.spread;
      const l0 = entries / tokens;
      const least = listed ? leastOf(work, tokens) : Number.POSITIVE_INFINITY;
      const fired = new Uint8Array(n);
      for (let i = 0; i < n; i += 1) fired[i] = Number(arena.f32.fired[i]! > 0);
      const aux = input.dead ? chooseAux(work, input.dead, tokens) / input.spread : 0;

      const slope = -2 / input.spread;
      setShift(work, tokens);
      const gradients = listed ? entryGradients(work, slope) : denseGradients(work, products, tokens, slope);
      const penalty = await updateFeatures(work, { tokens, l0, slope, input, gradients });
      const miss = loss.l0 ? loss.l0.coefficient * (l0 / loss.l0.target - 1) ** 2 : 0;
      const auxTerm = loss.aux ? loss.aux.coefficient * aux : 0;
      return { loss: fvu + penalty + auxTerm + miss, fvu, l0, aux, fired, least };
    },
    read: () => readBack(work.arena, config),
    close: () => products.close(),
  };
}
