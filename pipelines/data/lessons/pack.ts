import { f32, i64, type Tensor } from '../../graph/tensor.ts';

/** Ids of a text without special tokens. */
export type Tokenize = (text: string) => number[];

/** Tokens that every lesson needs. */
export interface Special {
  readonly bos: number;
  readonly eos: number;
  readonly image: number;
}

export interface TurnIds {
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
}

/** A context and questions about it. */
export interface Lesson {
  /** Ids that all turns see, BOS included, the places of patches as image tokens. */
  readonly context: readonly number[];
  readonly turns: readonly TurnIds[];
  /** Each turn sees the context alone; else also the turns before it. */
  readonly apart: boolean;
}

/** How much a predicted token counts in the loss. */
export interface Emphasis {
  readonly context: number;
  readonly prompt: number;
  readonly answer: number;
}

/** Where the answer of a turn stands among the asked rows: `from` (included) to `to`, its last row asks for EOS. */
export interface Answered {
  readonly from: number;
  readonly to: number;
}

/** Rows of fixed length filled with lessons, as the training graphs read them. */
export class Page {
  readonly #rows: number;
  readonly #length: number;
  readonly #ids: BigInt64Array;
  readonly #positions: BigInt64Array;
  readonly #document: BigInt64Array;
  readonly #turn: BigInt64Array;
  readonly #at: number[] = [];
  readonly #target: number[] = [];
  readonly #weight: number[] = [];
  readonly #used: Int32Array;
  readonly #special: Special;
  #documents = 0;

  constructor(rows: number, length: number, special: Special) {
    this.#rows = rows;
    this.#length = length;
    this.#special = special;
    const array = (value: number) => new BigInt64Array(rows * length).fill(BigInt(value));
    [this.#ids, this.#positions, this.#document, this.#turn] = [array(special.eos), array(0), array(-1), array(0)];
    this.#used = new Int32Array(rows);
  }

  /** Places left in a row. */
  room(row: number): number {
    return this.#length - this.#used[row]!;
  }

  /** Predictions asked so far. */
  get asked(): number {
    return this.#at.length;
  }

  /** Appends a lesson to a row; turns that do not fit are left out. Gives where each kept answer is asked. */
  put(row: number, lesson: Lesson, emphasis: Emphasis): Answered[] {
    const { context, apart } = lesson;
    const document = this.#documents++;
    const kept: TurnIds[] = [];
    let left = this.room(row) - context.length;
    for (const turn of lesson.turns) {
      left -= turn.prompt.length + turn.answer.length;
      if (left < 0) break;
      kept.push(turn);
    }
    const begin = kept[0]?.prompt[0] ?? this.#special.eos;
    this.#write(row, context, { document, turn: 0, position: 0 }, begin, () => emphasis.context);
    let position = context.length;
    return kept.map(({ prompt, answer }, n) => {
      const ids = [...prompt, ...answer];
      const place = { document, turn: apart ? n + 1 : 0, position };
      const from = this.#at.length + prompt.length - 1;
      this.#write(row, ids, place, this.#special.eos, (i) => (i < prompt.length ? emphasis.prompt : emphasis.answer));
      if (!apart) position += ids.length;
      return { from, to: from + answer.length + 1 };
    });
  }

  /** Writes ids; each asks for the next, the last for `last`. `weight` is by index of the token asked for. */
  #write(
    row: number,
    ids: readonly number[],
    place: { document: number; turn: number; position: number },
    last: number,
    weight: (index: number) => number,
  ): void {
    ids.forEach((id, i) => {
      const at = row * this.#length + this.#used[row]! + i;
      this.#ids[at] = BigInt(id);
      this.#positions[at] = BigInt(place.position + i);
      this.#document[at] = BigInt(place.document);
      this.#turn[at] = BigInt(place.turn);
      this.#at.push(at);
      this.#target.push(ids[i + 1] ?? last);
      this.#weight.push(weight(i + 1));
    });
    this.#used[row]! += ids.length;
  }

  /** Inputs of a step, of the predictions that count. */
  feeds(): Record<string, Tensor> {
    const dims = [this.#rows, this.#length];
    const kept = this.#weight.flatMap((w, i) => (w > 0 ? [i] : []));
    return {
      ...{ ids: i64(this.#ids, dims), positions: i64(this.#positions, dims) },
      ...{ document: i64(this.#document, dims), turn: i64(this.#turn, dims) },
      at: i64(kept.map((i) => this.#at[i]!)),
      target: i64(kept.map((i) => this.#target[i]!)),
      weight: f32(kept.map((i) => this.#weight[i]!)),
    };
  }

  /** Inputs of an evaluation: every prediction, so that `Answered` rows are rows of the result. */
  questions(): { readonly feeds: Record<string, Tensor>; readonly targets: readonly number[] } {
    const all = { at: i64(this.#at), target: i64(this.#target) };
    return { feeds: { ...this.feeds(), ...all }, targets: this.#target };
  }

  /** Token ids of a row and the places of the used ones. */
  row(row: number): number[] {
    const from = row * this.#length;
    return Array.from(this.#ids.subarray(from, from + this.#used[row]!), Number);
  }
}
