import { encodeShard, type PackCodec } from '../shard.ts';
import type { Sink } from './sink.ts';

/** Collects records into shards of one size and writes each when it is full. */
export class Packer {
  readonly #sink: Sink;
  readonly #path: (shard: number) => string;
  readonly #size: number;
  readonly #codec: PackCodec | undefined;
  #records: (Uint8Array | null)[] = [];
  #shard = 0;

  constructor(sink: Sink, path: (shard: number) => string, size: number, codec?: PackCodec) {
    this.#sink = sink;
    this.#path = path;
    this.#size = size;
    this.#codec = codec;
  }

  /** `null` holds the place of a record that does not exist. */
  async add(record: Uint8Array | null): Promise<void> {
    this.#records.push(record);
    if (this.#records.length === this.#size) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#records.length === 0) return;
    await this.#sink.write(this.#path(this.#shard), encodeShard(this.#shard * this.#size, this.#records, this.#codec));
    this.#shard += 1;
    this.#records = [];
  }
}
