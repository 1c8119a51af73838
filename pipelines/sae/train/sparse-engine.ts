import { GraphBuilder } from '#graph/onnx/build.ts';
import { openSession } from '#graph/session.ts';
import { f32 } from '#graph/tensor.ts';
import { type Kernels, openKernels } from '../wasm/kernels.ts';
import { type Choosing, chooseBatchTopK, chooseTopK } from './choose.ts';
import { sortByColumn } from './columns.ts';
import type { TrainConfig } from './config.ts';
import type { StepEngine, StepInput } from './engine.ts';
import { fill, NEVER, padded, readBack, type SparseArena, sparseArena } from './sparse-memory.ts';
import { updateFeatures } from './sparse-update.ts';
import type { TrainState } from './state.ts';

/** `y wEnc^T`, both operands as the kernels' memory holds them: one row a token, one row a feature. */
function product(config: TrainConfig): Uint8Array {
  const { width, count } = padded(config);
  const g = new GraphBuilder();
  const y = g.input('y', 'float32', ['tokens', width]);
  const w = g.input('w', 'float32', [count, width]);
  g.output(g.op('Gemm', [y, w], { transB: 1 }), 'z', 'float32', ['tokens', count]);
  return g.toBytes();
}

/** One of the two lists of chosen entries, as choosers see it. */
function list(arena: SparseArena, kernels: Kernels, name: 'main' | 'aux', n: number): Choosing {
  const { at, f32: real, u32: whole } = arena;
  return {
    kernels,
    n,
    limits: real.limits,
    at: {
      ...{ z: at.z, bias: at[name === 'main' ? 'params.bEnc' : 'auxBias'], limits: at.limits },
      ...{ rowValue: at[`${name}.rowValue`], rowIndex: at[`${name}.rowIndex`] },
    },
    ...{
      rowIndex: whole[`${name}.rowIndex`],
      rowValue: real[`${name}.rowValue`],
      rowOffsets: whole[`${name}.rowOffsets`],
    },
    ...{
      colToken: whole[`${name}.colToken`],
      colValue: real[`${name}.colValue`],
      colOffsets: whole[`${name}.colOffsets`],
    },
  };
}

/** `base = u - bDec` and the encoder's input `y`, both `[T,width]`. */
function readTokens(arena: SparseArena, config: TrainConfig, x: Float32Array): void {
  const { d, scale, applyBDec } = config;
  const { width } = padded(config);
  const { base, y } = arena.f32;
  const bDec = arena.f32['params.bDec'];
  for (let t = 0, from = 0; from < x.length; t += 1, from += d)
    for (let j = 0; j < d; j += 1) {
      const u = x[from + j]! * scale;
      base[t * width + j] = u - bDec[j]!;
      y[t * width + j] = applyBDec ? u - bDec[j]! : u;
    }
}

/** `out = start - f wDec` row by row; gives `|out|^2` over all. */
function subtractDecoded(
  arena: SparseArena,
  kernels: Kernels,
  name: 'main' | 'aux',
  width: number,
  tokens: number,
): number {
  const { at, u32 } = arena;
  const offsets = u32[`${name}.rowOffsets`];
  const [start, out] = name === 'main' ? [at.base, at.error] : [at.error, at.left];
  let squares = 0;
  for (let t = 0; t < tokens; t += 1) {
    const from = 4 * offsets[t]!;
    const count = offsets[t + 1]! - offsets[t]!;
    const [index, value] = [at[`${name}.rowIndex`] + from, at[`${name}.rowValue`] + from];
    const row = 4 * t * width;
    squares += kernels.combine(width, count, index, value, at['params.wDec'], start + row, out + row, -1);
  }
  return squares;
}

/**
 * Trains TopK and BatchTopK with only the encoder's product dense: decoder, gradient and the choice of entries cost in proportion to
 * the entries chosen. Runs on the CPU: the product in ONNX Runtime, the rest in SIMD kernels on the same memory.
 */
export async function sparseEngine(
  config: TrainConfig,
  start: TrainState,
  options: { threads?: number } = {},
): Promise<StepEngine> {
  const { d, n, k, activation, loss } = config;
  const { width, count } = padded(config);
  const session = await openSession(product(config), options);
  let capacity = 1;
  let arena = sparseArena(config, capacity);
  fill(arena, config, start);
  let kernels = openKernels(arena.memory);
  let guess = 0;

  function reserve(tokens: number): void {
    if (tokens <= capacity) return;
    capacity = tokens;
    arena = sparseArena(config, tokens, arena);
    kernels = openKernels(arena.memory);
  }

  function chooseAux(dead: Uint8Array, tokens: number): number {
    const { auxBias } = arena.f32;
    const bEnc = arena.f32['params.bEnc'];
    let alive = 0;
    for (let i = 0; i < count; i += 1) {
      auxBias[i] = dead[i] ? bEnc[i]! : NEVER;
      alive += Number(!dead[i]);
    }
    const entries = list(arena, kernels, 'aux', count);
    chooseTopK(entries, tokens, Math.min(loss.aux!.k, count - alive));
    sortByColumn(entries, tokens, count);
    return subtractDecoded(arena, kernels, 'aux', width, tokens);
  }

  return {
    async step(x, input: StepInput) {
      const tokens = x.length / d;
      reserve(tokens);
      readTokens(arena, config, x);
      await session.run(
        {
          y: f32(arena.f32.y.subarray(0, tokens * width), [tokens, width]),
          w: f32(arena.f32['params.wEnc'], [count, width]),
        },
        ['z'],
        { z: f32(arena.f32.z.subarray(0, tokens * count), [tokens, count]) },
      );
      const main = list(arena, kernels, 'main', count);
      if (activation === 'topk') chooseTopK(main, tokens, k!);
      else guess = chooseBatchTopK(main, tokens, Math.min(tokens * n, Math.floor(k! * tokens)), guess);
      sortByColumn(main, tokens, count);
      const entries = main.rowOffsets[tokens]!;
      let least = Number.POSITIVE_INFINITY;
      for (let e = 0; e < entries; e += 1) if (main.rowValue[e]! < least) least = main.rowValue[e]!;
      const fvu = subtractDecoded(arena, kernels, 'main', width, tokens) / input.spread;
      const aux = input.dead ? chooseAux(input.dead, tokens) / input.spread : 0;
      const l0 = entries / tokens;
      const penalty = updateFeatures({ arena, kernels, config, tokens, input });
      const fired = new Uint8Array(n);
      for (let i = 0; i < n; i += 1) fired[i] = Number(main.colOffsets[i + 1]! > main.colOffsets[i]!);
      const miss = loss.l0 ? loss.l0.coefficient * (l0 / loss.l0.target - 1) ** 2 : 0;
      const auxTerm = loss.aux ? loss.aux.coefficient * aux : 0;
      return { loss: fvu + penalty + auxTerm + miss, fvu, l0, aux, fired, least };
    },
    read: () => readBack(arena, config),
    close: () => session.close(),
  };
}
