/** A set of features, by rank or by ordinal, one bit a feature. */
export class Bits {
  readonly words: Uint32Array;
  constructor(features: number) {
    this.words = new Uint32Array(Math.ceil(features / 32));
  }
  /** Every feature. */
  static full(features: number): Bits {
    const bits = new Bits(features);
    bits.words.fill(0xffffffff);
    if (features % 32 > 0) bits.words[bits.words.length - 1] = 2 ** (features % 32) - 1;
    return bits;
  }
  add(rank: number): void {
    this.words[rank >>> 5]! |= 1 << (rank & 31);
  }
  has(rank: number): boolean {
    return ((this.words[rank >>> 5]! >>> (rank & 31)) & 1) === 1;
  }
  /** Keeps only what `other` has as well. */
  and(other: Bits): void {
    for (let i = 0; i < this.words.length; i += 1) this.words[i]! &= other.words[i]!;
  }
  get size(): number {
    let total = 0;
    for (const word of this.words) {
      let x = word - ((word >>> 1) & 0x55555555);
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      total += (((x + (x >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
    }
    return total;
  }
  /** Visits every member, ascending. */
  each(visit: (rank: number) => void): void {
    for (let i = 0; i < this.words.length; i += 1)
      for (let word = this.words[i]!; word !== 0; word &= word - 1) visit(32 * i + 31 - Math.clz32(word & -word));
  }
  /** The first `limit` ranks from `from` on, ascending. */
  from(from: number, limit: number): number[] {
    const found: number[] = [];
    for (let i = from >>> 5; i < this.words.length && found.length < limit; i += 1) {
      let word = this.words[i]!;
      if (i === from >>> 5) word &= (-1 << (from & 31)) >>> 0;
      for (; word !== 0 && found.length < limit; word &= word - 1) found.push(32 * i + 31 - Math.clz32(word & -word));
    }
    return found;
  }
}
