/** What the members of a team tell each other beside the arena. */
export interface Board {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}

/** Places in `words`: the phase asked for and how often one was, members done with it, one that failed, the block whose turn it is. */
export const WORD = { phase: 0, asked: 1, done: 2, failed: 3, turn: 4 } as const;
const FIGURES = ['tokens', 'slope', 'lr', 't', 'aux'] as const;
const WORDS = 16;

/** Of a step: what `StepInput` says, `slope = -2 / spread`, and 1 where there is an auxiliary loss. */
export type Figures = Readonly<Record<(typeof FIGURES)[number], number>>;

/** A board for `members`, or views of the one that another thread opened. */
export function openBoard(members: number, shared?: SharedArrayBuffer): Board {
  const buffer = shared ?? new SharedArrayBuffer(4 * WORDS + 8 * (FIGURES.length + members));
  return { words: new Int32Array(buffer, 0, WORDS), numbers: new Float64Array(buffer, 4 * WORDS) };
}

export function writeFigures({ numbers }: Board, figures: Figures): void {
  for (const [i, name] of FIGURES.entries()) numbers[i] = figures[name];
}

export const readFigures = ({ numbers }: Board): Figures =>
  Object.fromEntries(FIGURES.map((name, i) => [name, numbers[i]!])) as Figures;

/** A number that each member leaves for the first. */
export const leave = ({ numbers }: Board, member: number, value: number): void => {
  numbers[FIGURES.length + member] = value;
};
export const sumLeft = ({ numbers }: Board): number => numbers.subarray(FIGURES.length).reduce((a, b) => a + b, 0);

/** Does `job` when all blocks before `block` have had theirs: sums over blocks are in one order, whoever is first. */
export function inTurn({ words }: Board, block: number, job: () => void): void {
  for (let turn = Atomics.load(words, WORD.turn); turn !== block; turn = Atomics.load(words, WORD.turn)) {
    if (Atomics.load(words, WORD.failed)) throw new Error('another thread of this step failed');
    Atomics.wait(words, WORD.turn, turn, 100);
  }
  job();
  Atomics.store(words, WORD.turn, block + 1);
  Atomics.notify(words, WORD.turn);
}

/** Wakes the others: one member cannot go on. */
export function giveUp({ words }: Board): void {
  Atomics.store(words, WORD.failed, 1);
  Atomics.notify(words, WORD.turn);
}
