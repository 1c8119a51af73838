import { dataset } from '#pipelines/data/index.ts';
import type { Encoded, TracedModel } from '#pipelines/models/types.ts';
import { decodeHalf, encodeHalf } from './half.ts';
import { harvestInto } from './harvest.ts';

/** Samples encoded and sorted by length together; fixed, so that a slice's bytes do not depend on the machine. */
export const GROUP = 256;

/** A slice of a data set, as a model reads it. */
export interface StreamSettings {
  readonly dataset: string;
  readonly seed: number;
  /** Ranges of samples `[from, to)`, each harvested by itself. */
  readonly slices: readonly (readonly [from: number, to: number])[];
  readonly dtype: 'float32' | 'float16';
  readonly image: 'own' | 'none';
  readonly answer: boolean;
}

/** Kept tokens of one group of samples: their classes, and rows `[tokens, dModel]` by layer. */
export interface GroupRows {
  readonly classes: Uint8Array;
  readonly rows: ReadonlyMap<number, Float32Array>;
}

/** Where rows come from when nothing is stored: groups of samples, each harvested when it is asked for. */
export interface RowSource {
  readonly dModel: number;
  readonly layers: readonly number[];
  readonly groups: number;
  group(index: number): Promise<GroupRows>;
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The groups of a stream; a group's rows are those that a store of the same slices and type would give back. */
export function openSource(model: TracedModel, layers: readonly number[], settings: StreamSettings): RowSource {
  const { dataset: name, seed, slices, dtype, image, answer } = settings;
  const groups = slices.flatMap(([from, to]) =>
    Array.from({ length: Math.ceil((to - from) / GROUP) }, (_, i) => {
      const first = from + i * GROUP;
      return { from: first, to: Math.min(to, first + GROUP) };
    }),
  );
  return {
    dModel: model.decoder.anatomy.dModel,
    layers,
    groups: groups.length,
    async group(index) {
      const samples: Encoded[] = [];
      for await (const sample of dataset(name, { seed, ...groups[index]! }))
        samples.push(await model.encode(sample, { image, answer }));
      const classes: number[] = [];
      const parts = new Map(layers.map((layer) => [layer, [] as Float32Array[]]));
      const append = async (
        _: string,
        tokens: { class: ArrayLike<number> },
        rows: ReadonlyMap<number, Float32Array>,
      ) => {
        for (let t = 0; t < tokens.class.length; t += 1) classes.push(tokens.class[t]!);
        for (const [layer, data] of rows)
          parts.get(layer)!.push(dtype === 'float16' ? decodeHalf(encodeHalf(data)) : data);
      };
      await harvestInto({ append }, model, samples, layers);
      return {
        classes: Uint8Array.from(classes),
        rows: new Map([...parts].map(([layer, list]) => [layer, concatenate(list)])),
      };
    },
  };
}
