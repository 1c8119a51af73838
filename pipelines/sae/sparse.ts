/** Positive entries of a matrix `[tokens, n]`, row by row: row t has entries `offsets[t] .. offsets[t + 1]`. */
export interface SparseRows {
  /** `[tokens + 1]` */
  readonly offsets: Uint32Array;
  /** Feature of each entry, ascending within a row. */
  readonly index: Uint32Array;
  readonly value: Float32Array;
}

/** Collects entries row by row in buffers that grow. */
export class SparseBuilder {
  readonly #offsets: number[] = [0];
  #index = new Uint32Array(1024);
  #value = new Float32Array(1024);
  #length = 0;

  push(index: number, value: number): void {
    if (this.#length === this.#index.length) {
      const index2 = new Uint32Array(this.#length * 2);
      const value2 = new Float32Array(this.#length * 2);
      index2.set(this.#index);
      value2.set(this.#value);
      this.#index = index2;
      this.#value = value2;
    }
    this.#index[this.#length] = index;
    this.#value[this.#length] = value;
    this.#length += 1;
  }

  endRow(): void {
    this.#offsets.push(this.#length);
  }

  finish(): SparseRows {
    return {
      offsets: Uint32Array.from(this.#offsets),
      index: this.#index.slice(0, this.#length),
      value: this.#value.slice(0, this.#length),
    };
  }
}

/** The matrix `[tokens, n]` itself. */
export function toDense({ offsets, index, value }: SparseRows, n: number): Float32Array {
  const tokens = offsets.length - 1;
  const out = new Float32Array(tokens * n);
  for (let t = 0; t < tokens; t += 1)
    for (let e = offsets[t]!; e < offsets[t + 1]!; e += 1) out[t * n + index[e]!] = value[e]!;
  return out;
}

/** Only the `entries` largest of all values; of equal ones the earlier. */
export function keepBatch({ offsets, index, value }: SparseRows, entries: number): SparseRows {
  const order = [...value.keys()].sort((a, b) => value[b]! - value[a]! || a - b).slice(0, entries);
  const kept = new Set(order);
  const out = new SparseBuilder();
  for (let t = 0; t + 1 < offsets.length; t += 1) {
    for (let e = offsets[t]!; e < offsets[t + 1]!; e += 1) if (kept.has(e)) out.push(index[e]!, value[e]!);
    out.endRow();
  }
  return out.finish();
}
