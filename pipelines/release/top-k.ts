/** The `k` first of many by an order, in a heap whose root is the last of those kept. O(n log k), whatever the order they come in. */
export class TopK {
  readonly #k: number;
  readonly #compare: (a: number, b: number) => number;
  readonly #heap: number[] = [];

  /** @param compare negative when `a` comes before `b` */
  constructor(k: number, compare: (a: number, b: number) => number) {
    this.#k = k;
    this.#compare = compare;
  }

  add(item: number): void {
    const heap = this.#heap;
    if (heap.length < this.#k) {
      heap.push(item);
      this.#up(heap.length - 1);
    } else if (this.#k > 0 && this.#compare(item, heap[0]!) < 0) {
      heap[0] = item;
      this.#down();
    }
  }

  /** The last of those kept, once there are `k`: what comes behind it need not be added. */
  get last(): number | undefined {
    return this.#heap.length === this.#k ? this.#heap[0] : undefined;
  }

  /** What was kept, first to last. */
  sorted(): number[] {
    return [...this.#heap].sort(this.#compare);
  }

  #up(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (this.#compare(heap[at]!, heap[parent]!) <= 0) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #down(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let last = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#compare(heap[child]!, heap[last]!) > 0) last = child;
      if (last === at) return;
      [heap[at], heap[last]] = [heap[last]!, heap[at]!];
      at = last;
    }
  }
}
